"""The diagnoses in Chinese, 中文: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis
from restante.explain.languages.zh.findings_of_mail import OF_MAIL

__all__ = ["FINDINGS"]

FINDINGS: Final[Mapping[Diagnosis, tuple[str, str]]] = {
    Diagnosis.GREETING_REFUSED: (
        "还没有提出任何请求，服务器就把客户端拒之门外：“{text}”",
        "看看它说了什么；往往是连接太多，或者服务器正在停止。稍后再试。",
    ),
    Diagnosis.NO_GREETING: (
        "线路关上之前，服务器什么也没说。",
        "看看这个端口是不是从第一个字节起就等着 TLS：995 是，110 不是。若端口没错，就去看服务器。",
    ),
    Diagnosis.TLS_TO_PLAIN_PORT: (
        "客户端一开始就用 TLS，但这个端口要先用明文说话。",
        "把客户端设为 995 端口加 TLS，或者在这个端口用 STARTTLS（STLS）。",
    ),
    Diagnosis.PLAIN_TO_TLS_PORT: (
        "客户端用明文说话，但这个端口从第一个字节起就等着 TLS。",
        "把客户端在这个端口设为 SSL/TLS，或者用 110 端口加 STARTTLS（STLS）。",
    ),
    Diagnosis.HTTP_CLIENT: (
        "浏览器、健康检查或扫描器对 POP3 端口说了 HTTP。",
        "查明是谁连来的。健康检查只需连接，或者读完问候就说 QUIT。",
    ),
    Diagnosis.OTHER_CLIENT: (
        "说 {protocol} 的客户端来到了 POP3 端口。",
        "检查客户端设置里的端口号。",
    ),
    Diagnosis.OTHER_SERVER: (
        "这个端口的服务器说的是 {protocol}，不是 POP3。",
        "检查名称和端口：POP3 在 995（TLS）和 110。",
    ),
    Diagnosis.CAPTURE_GAP: (
        "抓包在这里缺了 {octets} 个字节，所以后面讲的可能有误。",
        "用更大的缓冲区和完整的包重新抓取（tcpdump -B 4096 -s 0）。",
    ),
    Diagnosis.CERTIFICATE_REJECTED: (
        "证书不被接受：{alert}。",
        "检查证书的日期和名称，以及服务器是否送出了整条链。",
    ),
    Diagnosis.TLS_BROKEN_OFF: (
        "客户端看过服务器的证书就中断了 TLS；原因是在 TLS 之下说的。",
        "多半是不信任这份证书：看看客户端自己的提示。检查日期和名称，以及服务器是否送出了整条链。",
    ),
    Diagnosis.TLS_NO_AGREEMENT: (
        "客户端和服务器没能就 TLS 达成一致：{alert}。",
        "老程序不会 TLS 1.2，新程序不用更老的。更新两者中较老的那个。",
    ),
    Diagnosis.STLS_REFUSED: (
        "服务器拒绝开始 TLS：“{text}”",
        "给服务器一份证书，或者用 995 端口。不要用明文继续。",
    ),
    Diagnosis.STLS_UNDER_TLS: (
        "已经有 TLS，客户端又要求 TLS；服务器拒绝得对。",
        "没有损失。把客户端设为其中一种：SSL/TLS 或 STARTTLS。",
    ),
    Diagnosis.STLS_MISSING: (
        "密码走过敞开的线路，而服务器没有宣布 STLS：要么它没有 TLS，要么有人在中间把这个词拿掉了。",
        "用 995 端口。如果以前这里能用 TLS，就不要从这个网络登录。",
    ),
    Diagnosis.STLS_VANISHED: (
        "在先前的会话里这台服务器宣布了 STLS，现在没有了。",
        "可能有人在中间把它拿掉了。不要从这个网络登录，换一个网络比较。",
    ),
    Diagnosis.LOGIN_AFTER_STLS_REFUSED: (
        "TLS 被拒绝了，客户端还是用明文送出了密码。",
        "让客户端必须用 TLS，并且换掉密码：路上的人都可能知道它。",
    ),
    Diagnosis.COMMANDS_BEHIND_STLS: (
        "TLS 开始之前，STLS 后面就送来了命令（{count} 个）。",
        "客户端在那里必须等。若客户端没有问题，就是有人在中间塞进来的：服务器必须关闭连接。",
    ),
    Diagnosis.SERVER_SPEAKS_BEHIND_STLS: (
        "服务器答应开始 TLS 之后，那一边又说了话。",
        "客户端必须丢掉它或者挂断：可能是有人在中间放进来的。",
    ),
    Diagnosis.PASSWORD_IN_THE_CLEAR: (
        "密码走过敞开的线路：路上的人都能读到。",
        "把客户端设为 995 端口的 SSL/TLS，或者 STARTTLS；在服务器上拒绝明文登录。",
    ),
    Diagnosis.TLS_NOT_RECORDED: (
        "这份记录没有说明下面有没有 TLS。如果没有，路上的人都能读到密码。",
        "检查客户端是否设为 995 端口的 SSL/TLS，或者 STARTTLS。抓包可以看出来。",
    ),
    Diagnosis.CREDENTIALS_REFUSED: (
        "服务器说名字或密码不对：“{text}”",
        "两样都检查。很多服务商要用完整的地址作名字，或者要用应用专用密码。",
    ),
    Diagnosis.LOGIN_REFUSED: (
        "登录被拒绝，服务器没有给出说明原因的响应码：“{text}”",
        "读一读它的文字。多半是名字或密码不对；也可能这个账户没有开通 POP3。",
    ),
    Diagnosis.LOGIN_FAILS_FOR_NOW: (
        "服务器无法判断登录：它自己暂时有问题：“{text}”",
        "不是密码的错：不要改它。稍后再试。",
    ),
    Diagnosis.LOGIN_FAILS_FOR_GOOD: (
        "服务器有问题，要有人修好才能登录：“{text}”",
        "不是密码的错。告诉服务器的管理员。",
    ),
    Diagnosis.POP3_SWITCHED_OFF: (
        "这个账户没有开通 POP3：“{text}”",
        "到服务商的设置里（往往是网页）开通；不行就问管理员。不是密码的错。",
    ),
    Diagnosis.LOCK_HELD: (
        "密码是对的，但另一个会话正占着信箱：“{text}”",
        "关掉另一个邮件程序，或者等它的会话结束。不要改密码。",
    ),
    Diagnosis.LOGIN_TOO_SOON: (
        "这个账户刚刚登录过，服务器要求隔一段时间：“{text}”",
        "让客户端少问几次；CAPA 里的 LOGIN-DELAY 说明要等多久。",
    ),
    Diagnosis.USER_REFUSED: (
        "还没有给密码，服务器就拒绝了名字：“{text}”",
        "检查名字。说出自己有哪些名字的服务器帮了猜测的人；不允许明文登录的服务器也会在这里拒绝。",
    ),
    Diagnosis.TLS_WANTED_FIRST: (
        "服务器不接受明文密码：“{text}”",
        "在这里把客户端设为 STARTTLS（STLS），或者用 995 端口的 SSL/TLS。",
    ),
    Diagnosis.PASS_WITHOUT_USER: (
        "PASS 之前没有紧挨着的有效 USER：“{text}”",
        "先送 USER，等到 +OK，再送 PASS，中间什么都不要有。",
    ),
    Diagnosis.MANY_FAILED_LOGINS: (
        "一次会话里有 {count} 次登录被拒绝。",
        "如果是您自己，在账户被锁之前停下客户端。如果不是，有人在猜密码。",
    ),
    Diagnosis.MECHANISM_NOT_OFFERED: (
        "客户端试了 {mechanism}，服务器不提供它。",
        "选 CAPA 的 SASL 一行里列出的，或者在 TLS 之下用 USER 和 PASS。",
    ),
    Diagnosis.SASL_CANCELLED: (
        "客户端中断了用 {mechanism} 的登录。",
        "看看客户端：它不喜欢那个质询，或者没有令牌、密码可以回答。",
    ),
    Diagnosis.SASL_BAD_BASE64: (
        "客户端在 {mechanism} 中送来的不是 base64。",
        "错在客户端：常见的是空格、缺了等号，或者一行断成两行。",
    ),
    Diagnosis.OAUTH_REFUSED: (
        "服务器没有接受 OAuth 令牌：“{status}”",
        "让客户端取一个新令牌。检查它属于这个账户，范围里有 POP3。",
    ),
    Diagnosis.AUTH_LINE_TOO_LONG: (
        "AUTH 那一行有 {octets} 个字节，最多 255。",
        "先送不带初始回应的 AUTH，等服务器的加号之后再送令牌。",
    ),
    Diagnosis.APOP_WITHOUT_TIMESTAMP: (
        "客户端用了 APOP，但问候里没有时间戳。",
        "这里不提供 APOP：在 TLS 之下用 AUTH，或者 USER 和 PASS。",
    ),
    Diagnosis.APOP_TIMESTAMP_MALFORMED: (
        "问候里的 APOP 时间戳不是消息标识的形式。",
        "不要在这里用 APOP：变形的时间戳是套取密码的攻击的标志（CVE-2007-1558）。",
    ),
    Diagnosis.APOP_TIMESTAMP_REPEATED: (
        "两次会话的 APOP 时间戳相同：{timestamp}",
        "听到过一次的答案可以再用。不要在这里用 APOP，并更新服务器。",
    ),
    Diagnosis.WEAK_DIGEST: (
        "{mechanism} 走过敞开的线路：偷听的人可以慢慢拿它试密码。",
        "用 TLS。在它之下 PLAIN 或 SCRAM 是更好的选择。",
    ),
    Diagnosis.COMMAND_BEFORE_LOGIN: (
        "{keyword} 在登录之前来了，那时不允许。",
        "先登录。如果之前有过登录，看看为什么被拒绝。",
    ),
    Diagnosis.LOGIN_COMMAND_AFTER_LOGIN: (
        "{keyword} 在登录之后来了，那时不允许。",
        "要再登录，就开始一次新的会话。",
    ),
    Diagnosis.UNKNOWN_COMMAND: (
        "客户端送来的在这里不是命令：“{text}”",
        "先用 CAPA 问服务器会什么。错位送来的密码看起来也是这样。",
    ),
    Diagnosis.BAD_ARGUMENTS: (
        "命令的形式不对，应当是：{syntax}",
        "看看客户端；数字不带符号，参数之间一个空格。",
    ),
    Diagnosis.NUMBER_ZERO: (
        "{keyword} 要第 0 封信；第一封是 1。",
        "看看客户端：它从零数起。",
    ),
    Diagnosis.NO_SUCH_MESSAGE: (
        "这次会话里没有第 {number} 封信。",
        "让客户端每次会话都用 LIST 或 UIDL 问：编号只在一次会话里有效。",
    ),
    Diagnosis.MESSAGE_MARKED_ALREADY: (
        "第 {number} 封信已经做了标记，算作已删除。",
        "在 DELE 之前取信；RSET 去掉所有标记。",
    ),
    Diagnosis.MESSAGE_REFUSED: (
        "第 {number} 封信明明在，{keyword} 却被拒绝：“{text}”",
        "让客户端接着取下一封：一封坏信不该挡住其余的。在服务器上看看那封信的文件。",
    ),
    Diagnosis.UTF8_NEEDED: (
        "这里有 UTF-8 信头的信，而客户端没有说自己能接受：“{text}”",
        "登录之前说了 UTF8 的客户端可以取到。老客户端就换别的办法读这封信。",
    ),
    Diagnosis.COMMAND_REFUSED: (
        "服务器拒绝了 {keyword}，而登录之后每台 POP3 服务器都该会它：“{text}”",
        "这样信箱没法用。看看服务器的日志；常常是它读不了自己的存储。",
    ),
    Diagnosis.COMMAND_LINE_TOO_LONG: (
        "一行命令有 {octets} 个字节，最多 255。",
        "看看客户端，看看它是谁：也有人用长行来攻击服务器。",
    ),
    Diagnosis.STATUS_LINE_TOO_LONG: (
        "服务器的状态行有 {octets} 个字节，最多 512。",
        "客户端可能截断它或挂断。更新服务器。",
    ),
    Diagnosis.CLIENT_BARE_LF: (
        "客户端的行只以 LF 结束；协议要求 CR LF。",
        "很多服务器接受，有的会一直等下去。netcat 用 -C，openssl s_client 用 -crlf。",
    ),
    Diagnosis.SERVER_BARE_LF: (
        "服务器的行只以 LF 结束；协议要求 CR LF。",
        "严格的客户端会卡住，字节数也对不上。服务器必须把行尾变成 CR LF。",
    ),
    Diagnosis.STRAY_LINES: (
        "服务器送来一行不是回答的话：两边对不上了。",
        "后面讲的可能有误。某个回答过早结束了，常常是因为一个没有加倍的点。",
    ),
    Diagnosis.PIPELINING_UNANNOUNCED: (
        "客户端没有等回答，而服务器没有宣布 PIPELINING。",
        "在这里也许没事；在别处会丢字节。让客户端等一等。",
    ),
    Diagnosis.UIDL_REFUSED: (
        "服务器不给唯一标识：“{text}”",
        "把信留在这台服务器上的客户端无法知道取过哪些。",
    ),
    Diagnosis.TOP_REFUSED: (
        "服务器不给看信的开头：“{text}”",
        "客户端只能取整封信。",
    ),
    Diagnosis.CAPABILITY_UNANNOUNCED: (
        "{keyword} 在这里能用，CAPA 却没有列出它。",
        "相信 CAPA 的客户端就不会用它：要么把信全部重取，要么为看一眼而取整封。更新服务器。",
    ),
    Diagnosis.CAPA_REFUSED: (
        "服务器不说自己会什么：“{text}”",
        "它很老。客户端只能去试；TLS 只在 995 端口。",
    ),
    **OF_MAIL,
}
