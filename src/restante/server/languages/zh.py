"""The server's words in Chinese in simplified characters, 简体中文."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.server.languages.texts import Text

__all__ = ["TEXTS"]

TEXTS: Final[Mapping[Text, str]] = {
    Text.NO_MESSAGES: "0 封邮件",
    Text.ONE_MESSAGE: "1 封邮件",
    Text.MANY_MESSAGES: "{count} 封邮件",
    Text.MESSAGES_AND_OCTETS: "{messages}（{octets} 字节）",
    Text.GREETING: "Restante 已就绪，邮件在此等候领取",
    Text.GOOD_BYE: "再见",
    Text.CAPABILITIES: "本服务器的功能：",
    Text.LANGUAGES: "本服务器支持的语言：",
    Text.LANGUAGE_CHOSEN: "从现在起使用中文",
    Text.LANGUAGE_UNKNOWN: "本服务器不支持该语言；LANG 会列出支持的语言",
    Text.PASSWORD_PLEASE: "请输入密码",
    Text.BEGIN_TLS: "请立即开始 TLS",
    Text.TLS_ALREADY: "此连接已在使用 TLS",
    Text.TLS_NOT_OFFERED: "此处不提供 TLS",
    Text.TLS_AFTER_UTF8: "STLS 必须在 UTF8 之前；如需 TLS，请重新连接",
    Text.UTF8_FROM_HERE: "从现在起使用 UTF-8",
    Text.NO_PLAINTEXT: "不接受在未加密的连接上发送密码：请用 STLS 启用 TLS，或连接 POP3S 端口",
    Text.APOP_NOT_OFFERED: "此处不提供 APOP：问候语中没有时间戳",
    Text.MECHANISM_NOT_OFFERED: "此处不提供该认证机制；CAPA 会列出可用的机制",
    Text.NAME_NOT_UTF8: "用户名不是有效的 UTF-8",
    Text.WRONG_CREDENTIALS: "用户名或密码错误",
    Text.LOGIN_DEFERRED: "由于服务器的原因，目前无法登录；请稍后再试",
    Text.LOGIN_TOO_SOON: "此账户刚刚登录过；密码正确，请在 {seconds} 秒后再试",
    Text.IN_USE: "邮箱正被另一个会话使用；密码正确，请稍后再试",
    Text.IN_USE_SINCE: "邮箱自 {since} UTC 起正被来自 {peer} 的另一个会话使用；密码正确，请稍后再试",
    Text.EXCHANGE_CANCELLED: "客户端取消了认证",
    Text.EXCHANGE_MALFORMED: "客户端的消息不符合该机制要求的格式：{detail}",
    Text.EXCHANGE_TOO_LONG: "客户端的消息太长",
    Text.EXCHANGE_NOT_BASE64: "该行不是 base64 编码",
    Text.EXCHANGE_INITIAL_RESPONSE: "该机制由服务器先发言：请发送不带初始响应的 AUTH",
    Text.EXCHANGE_UNSUPPORTED: "客户端要求使用此处不支持的机制扩展：{detail}",
    Text.MARKED: "邮件 {number} 已标记；QUIT 将删除它，RSET 将取消标记",
    Text.MARKED_ALREADY: "邮件 {number} 已标记为删除；RSET 可取消所有标记",
    Text.NONE_MARKED: "{messages}，{octets} 字节，没有标记",
    Text.NO_SUCH_MESSAGE: "没有邮件 {number}：共有 {count} 封",
    Text.MAILDROP_EMPTY: "没有邮件 {number}：邮箱是空的",
    Text.PEEKED: "邮件头以及其后最多 {lines} 行",
    Text.MESSAGE_GONE: "邮件 {number} 已被其他程序更改或移走；请重新连接以获取新的列表",
    Text.MESSAGE_UNREADABLE: "目前无法读取邮件 {number}；请稍后再试",
    Text.MESSAGE_NEEDS_UTF8: "邮件 {number} 的邮件头含有 UTF-8 字符：如需取回，请在登录前发送 UTF8",
    Text.LEFT: "再见；此处还有 {messages}",
    Text.REMOVED: "已删除 {messages}，还剩 {left} 封；再见",
    Text.NOT_REMOVED: "未能删除所有已标记的邮件；请稍后再试",
    Text.LINE_TOO_LONG: "命令行太长，已跳过",
    Text.FORBIDDEN_OCTET: "命令中不能含有 NUL 或单独的 CR",
    Text.UNKNOWN_COMMAND: "未知命令；CAPA 会列出本服务器的功能",
    Text.SYNTAX: "命令格式为：{syntax}",
    Text.NUMBER_ZERO: "邮件编号从 1 开始",
    Text.PASS_WITHOUT_USER: "PASS 必须紧跟在 USER 之后",
    Text.NOT_LOGGED_IN: "请先登录：USER 和 PASS",
    Text.LOGGED_IN_ALREADY: "您已经登录",
    Text.SWITCHED_OFF: "此命令在此处已停用；CAPA 会列出本服务器的功能",
    Text.SERVER_FAILED: "服务器发生故障；请稍后再试",
    Text.TOO_MANY_CONNECTIONS: "连接过多；请稍后再试",
}
