"""The server's words in Japanese, 日本語."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.server.languages.texts import Text

__all__ = ["TEXTS"]

TEXTS: Final[Mapping[Text, str]] = {
    Text.NO_MESSAGES: "0 通",
    Text.ONE_MESSAGE: "1 通",
    Text.MANY_MESSAGES: "{count} 通",
    Text.MESSAGES_AND_OCTETS: "{messages}（{octets} オクテット）",
    Text.GREETING: "Restante の準備ができました。メールは受け取られるまでここでお待ちしています",
    Text.GOOD_BYE: "さようなら",
    Text.CAPABILITIES: "このサーバーの機能：",
    Text.LANGUAGES: "このサーバーで使える言語：",
    Text.LANGUAGE_CHOSEN: "これからは日本語でお答えします",
    Text.LANGUAGE_UNKNOWN: "その言語には対応していません。対応する言語は LANG で一覧できます",
    Text.PASSWORD_PLEASE: "パスワードをどうぞ",
    Text.BEGIN_TLS: "TLS を開始してください",
    Text.TLS_ALREADY: "この接続はすでに TLS を使っています",
    Text.TLS_NOT_OFFERED: "ここでは TLS を利用できません",
    Text.TLS_AFTER_UTF8: "STLS は UTF8 より先に送る必要があります。TLS を使うには接続し直してください",
    Text.UTF8_FROM_HERE: "これからは UTF-8 を使います",
    Text.NO_PLAINTEXT: (
        "暗号化されていない接続ではパスワードを受け付けません。"
        "STLS で TLS を開始するか、POP3S のポートに接続してください"
    ),
    Text.APOP_NOT_OFFERED: "ここでは APOP を利用できません。接続時の挨拶にタイムスタンプがありません",
    Text.MECHANISM_NOT_OFFERED: "この認証方式は利用できません。利用できる方式は CAPA で一覧できます",
    Text.NAME_NOT_UTF8: "ユーザー名が UTF-8 ではありません",
    Text.WRONG_CREDENTIALS: "ユーザー名またはパスワードが違います",
    Text.LOGIN_DEFERRED: "サーバー側の都合により、現在ログインできません。しばらくしてからやり直してください",
    Text.LOGIN_TOO_SOON: (
        "このアカウントは少し前にログインしたばかりです。パスワードは正しいので、{seconds} 秒後にやり直してください"
    ),
    Text.IN_USE: (
        "メールボックスは別のセッションで使用中です。パスワードは正しいので、しばらくしてからやり直してください"
    ),
    Text.IN_USE_SINCE: (
        "メールボックスは {since} UTC から {peer} の別のセッションで使用中です。"
        "パスワードは正しいので、しばらくしてからやり直してください"
    ),
    Text.EXCHANGE_CANCELLED: "クライアントが認証を取り消しました",
    Text.EXCHANGE_MALFORMED: "クライアントのメッセージが、この認証方式の求める形式ではありません：{detail}",
    Text.EXCHANGE_TOO_LONG: "クライアントのメッセージが長すぎます",
    Text.EXCHANGE_NOT_BASE64: "この行は base64 ではありません",
    Text.EXCHANGE_INITIAL_RESPONSE: (
        "この認証方式ではサーバーが先に送ります。初期応答を付けずに AUTH を送ってください"
    ),
    Text.EXCHANGE_UNSUPPORTED: "クライアントが求める認証方式の拡張には対応していません：{detail}",
    Text.MARKED: "メール {number} に削除の印を付けました。QUIT で削除し、RSET で印を外します",
    Text.MARKED_ALREADY: "メール {number} には削除の印が付いています。RSET ですべての印を外せます",
    Text.NONE_MARKED: "{messages}、{octets} オクテット、削除の印なし",
    Text.NO_SUCH_MESSAGE: "メール {number} はありません。全部で {count} 通です",
    Text.MAILDROP_EMPTY: "メール {number} はありません。メールボックスは空です",
    Text.PEEKED: "ヘッダーと、それに続く最大 {lines} 行",
    Text.MESSAGE_GONE: (
        "メール {number} はほかのプログラムによって変更または移動されました。"
        "新しい一覧を得るには接続し直してください"
    ),
    Text.MESSAGE_UNREADABLE: "メール {number} は現在読み出せません。しばらくしてからやり直してください",
    Text.MESSAGE_NEEDS_UTF8: (
        "メール {number} のヘッダーには UTF-8 の文字があります。受け取るには、ログインの前に UTF8 を送ってください"
    ),
    Text.LEFT: "さようなら。ここに {messages}残っています",
    Text.REMOVED: "{messages}を削除しました。残りは {left} 通です。さようなら",
    Text.NOT_REMOVED: "印の付いたメールをすべて削除することはできませんでした。しばらくしてからやり直してください",
    Text.LINE_TOO_LONG: "コマンド行が長すぎるため、読み飛ばしました",
    Text.FORBIDDEN_OCTET: "コマンドには NUL も単独の CR も使えません",
    Text.UNKNOWN_COMMAND: "不明なコマンドです。このサーバーの機能は CAPA で一覧できます",
    Text.SYNTAX: "コマンドの形式：{syntax}",
    Text.NUMBER_ZERO: "メールの番号は 1 から始まります",
    Text.PASS_WITHOUT_USER: "PASS は USER のすぐ後に送ってください",
    Text.NOT_LOGGED_IN: "先にログインしてください：USER と PASS",
    Text.LOGGED_IN_ALREADY: "すでにログインしています",
    Text.SWITCHED_OFF: "このコマンドはここでは無効です。このサーバーの機能は CAPA で一覧できます",
    Text.SERVER_FAILED: "サーバーに障害が発生しました。しばらくしてからやり直してください",
    Text.TOO_MANY_CONNECTIONS: "接続が多すぎます。しばらくしてからやり直してください",
}
