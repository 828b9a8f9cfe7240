"""The diagnoses of SMTP and LMTP in Chinese, 中文: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.smtp.catalog import SmtpDiagnosis

__all__ = ["SMTP_FINDINGS"]

SMTP_FINDINGS: Final[Mapping[SmtpDiagnosis, tuple[str, str]]] = {
    SmtpDiagnosis.TURNED_AWAY: (
        "还没有提出任何请求，服务器就说它不收这个客户端的邮件：“{text}”",
        "看它怎么说。多半是它不接受这个网络或地址：请改由你自己的服务商的服务器发信。",
    ),
    SmtpDiagnosis.TOO_MANY_CONNECTIONS: (
        "服务器的连接太多了，来自这个客户端或来自所有人：“{text}”",
        "等一会儿再试，一次少开几个连接；多封邮件用同一个连接发。",
    ),
    SmtpDiagnosis.NO_GREETING: (
        "线路关闭之前，服务器什么也没说。",
        "看看这个端口是不是从第一个八位组起就要 TLS：465 是，25 和 587 不是。如果端口没错，就检查服务器。",
    ),
    SmtpDiagnosis.TLS_TO_PLAIN_PORT: (
        "客户端一上来就开始 TLS，但这个端口先用明文说话。",
        "把客户端在这个端口设为 STARTTLS（25 和 587 有），或在 465 端口设为 SSL/TLS。",
    ),
    SmtpDiagnosis.PLAIN_TO_TLS_PORT: (
        "客户端用明文说话，但这个端口从第一个八位组起就要 TLS。",
        "把客户端在这个端口设为 SSL/TLS（465 有），或在 587 端口设为 STARTTLS。",
    ),
    SmtpDiagnosis.OTHER_CLIENT: (
        "一个说 {protocol} 的客户端来到了 SMTP 端口。",
        "检查客户端设置里的端口。浏览器、健康检查或扫描器也会这样：查清是谁在连接。",
    ),
    SmtpDiagnosis.OTHER_SERVER: (
        "这个端口的服务器说的是 {protocol}，不是 SMTP。",
        "检查名称和端口：发信用带 TLS 的 465 或用 587；服务器之间用 25。",
    ),
    SmtpDiagnosis.EARLY_TALKER: (
        "服务器还没问候，客户端就先开口了。",
        "让客户端等到以 220 开头的那一行。有些服务器会把不等的客户端当成垃圾邮件发送者而拒收。",
    ),
    SmtpDiagnosis.STARTTLS_REFUSED: (
        "服务器拒绝开始 TLS：“{text}”",
        "给服务器配一张证书，或用 465 端口。不要用明文发送密码。",
    ),
    SmtpDiagnosis.STARTTLS_NEEDED: (
        "服务器要先有 TLS 才继续：“{text}”",
        "把客户端在这个端口设为 STARTTLS，或在 465 端口设为 SSL/TLS。",
    ),
    SmtpDiagnosis.STARTTLS_MISSING: (
        "密码走在没有加密的线路上，而服务器没有宣布 STARTTLS：要么它没有 TLS，要么中间有人把这个词拿掉了。",
        "用 465 端口和 SSL/TLS。如果以前这里可以用 STARTTLS，就不要从这个网络登录。",
    ),
    SmtpDiagnosis.COMMANDS_BEHIND_STARTTLS: (
        "STARTTLS 之后、TLS 开始之前又来了命令（{count}）。",
        "客户端在那里必须等待。如果客户端没问题，就是中间有人塞进来的：服务器必须丢掉它们。",
    ),
    SmtpDiagnosis.PASSWORD_IN_THE_CLEAR: (
        "密码走在没有加密的线路上：路上的任何人都能读到。",
        "把客户端设为 465 端口的 SSL/TLS，或设为 STARTTLS；在服务器上不要接受没有 TLS 的登录。",
    ),
    SmtpDiagnosis.AUTH_NEEDED: (
        "服务器要先登录才收这封邮件：“{text}”",
        "在客户端的发信设置里打开身份验证；用户名和密码多半与收信的相同。",
    ),
    SmtpDiagnosis.AUTH_FAILED: (
        "服务器说用户名或密码不对：“{text}”",
        "两样都检查。许多服务商要用完整地址作用户名，或要应用专用密码。",
    ),
    SmtpDiagnosis.AUTH_FAILS_FOR_NOW: (
        "服务器暂时无法判断这次登录：“{text}”",
        "不一定是密码的错：不要改密码。过一会儿再试。",
    ),
    SmtpDiagnosis.AUTH_OTHER_WAY: (
        "服务器要的登录方式不是 {mechanism}：“{text}”",
        "看它怎么说。它可能要应用专用密码、OAuth2，或 EHLO 之后列出的另一种方式。",
    ),
    SmtpDiagnosis.AUTH_NOT_OFFERED: (
        "客户端想用 {mechanism} 登录，而服务器在这里不提供：“{text}”",
        "许多服务器只在 TLS 之下，或只在 587 和 465 端口提供登录。选它在 EHLO 之后列出的一种方式。",
    ),
    SmtpDiagnosis.HELLO_REFUSED: (
        "服务器不接受客户端自称的名字：“{text}”",
        "给客户端的机器一个 DNS 里有的完整名字（mail.example.org），并让它在 EHLO 里说这个名字。",
    ),
    SmtpDiagnosis.RELAY_DENIED: (
        "服务器不转发给 {address} 的邮件：那个域不是它自己的，它也不知道客户端是谁：“{text}”",
        "如果你是它的用户，就先登录（并用 587 或 465 端口）。如果它应当收这封邮件，就把这个域加到它负责的域里。",
    ),
    SmtpDiagnosis.USER_UNKNOWN: (
        "服务器没有 {address} 这个信箱：“{text}”",
        "检查地址有没有写错。如果没错，就问收件人；不作改动再试也没有用。",
    ),
    SmtpDiagnosis.DOMAIN_UNKNOWN: (
        "服务器找不到给 {address} 的邮件该去哪里：“{text}”",
        "检查 @ 后面的部分，以及这个域在不在 DNS 里、有没有 MX 记录。",
    ),
    SmtpDiagnosis.ADDRESS_MALFORMED: (
        "某个地址的写法不对：“{text}”",
        "写成 <name@example.org>，用尖括号，里面不要有别的东西。",
    ),
    SmtpDiagnosis.MAILBOX_DISABLED: (
        "信箱 {address} 是有的，但不收邮件：“{text}”",
        "用别的办法联系收件人：账户已关闭、被锁定或停用。",
    ),
    SmtpDiagnosis.MAILBOX_FULL: (
        "信箱 {address} 满了：“{text}”",
        "用别的办法告诉收件人，等有地方了再发。",
    ),
    SmtpDiagnosis.STORAGE_FULL: (
        "服务器自己没有地方放这封邮件：“{text}”",
        "留着邮件，过一会儿再试。告诉服务器的管理员；常常是磁盘满了。",
    ),
    SmtpDiagnosis.TOO_MANY_RECIPIENTS: (
        "服务器不再为一封邮件接受更多收件人：“{text}”",
        "先发给它接受了的人，再另发给其余的人。",
    ),
    SmtpDiagnosis.NO_RECIPIENTS: (
        "邮件发不出去，因为没有一个收件人被接受：“{text}”",
        "往上看每一个被拒绝的原因。",
    ),
    SmtpDiagnosis.SENDER_REFUSED: (
        "服务器不收这个发件人的任何东西：“{text}”",
        "检查 MAIL FROM 后面的地址：它的域必须存在，而且自己能收邮件。",
    ),
    SmtpDiagnosis.SENDER_NOT_YOURS: (
        "服务器不让这个客户端用这个发件人的名义发信：“{text}”",
        "用登录账户自己的地址，或让服务器允许这个账户用它。",
    ),
    SmtpDiagnosis.GREYLISTED: (
        "服务器请你过一会儿再来，多半是因为它还没见过这个发件人（灰名单）：“{text}”",
        "没有出错：一刻钟后从同一个地址再试。邮件服务器会自己这样做。",
    ),
    SmtpDiagnosis.TOO_FAST: (
        "服务器在短时间里从这个客户端收到得太多：“{text}”",
        "等一等，再慢慢发。如果你没有发那么多，也许是别人发的：看看这个账户和这台机器发了什么。",
    ),
    SmtpDiagnosis.SPF_FAILED: (
        "发件人的域不允许这台机器发它的邮件（SPF）：“{text}”",
        "通过这个域自己的服务器发，或把这台机器的地址加到它的 SPF 记录里。转发的邮件也会这样失败。",
    ),
    SmtpDiagnosis.DKIM_FAILED: (
        "邮件的签名没有，或不成立（DKIM）：“{text}”",
        "让发信的服务器签名，看 DNS 里的密钥对不对，并且之后不要让任何东西改动邮件。",
    ),
    SmtpDiagnosis.DMARC_FAILED: (
        "邮件没有证明它来自 From 里的那个域（DMARC）：“{text}”",
        "通过那个域的服务器发，并让 SPF 或 DKIM 对与 From 相同的域通过。",
    ),
    SmtpDiagnosis.REVERSE_NAME_MISSING: (
        "客户端的地址在 DNS 里没有名字，或那个名字不能回到这个地址：“{text}”",
        "请给你地址的人设一条 PTR 记录，写上机器在 EHLO 里说的名字；如果是家用线路，就通过你的服务商发。",
    ),
    SmtpDiagnosis.BLOCKLISTED: (
        "客户端的地址或域在发垃圾邮件者的名单上：“{text}”",
        "查明原因，改正，再请名单把它去掉；多数名单有这样的网页。如果是家用线路，就通过你的服务商发。",
    ),
    SmtpDiagnosis.CONTENT_REFUSED: (
        "服务器不接受邮件里的内容：“{text}”",
        "找一找过滤器会当成垃圾邮件或病毒的东西：链接、附件、不属于你的 From。",
    ),
    SmtpDiagnosis.POLICY_REFUSED: (
        "服务器的一条规则禁止这样做：“{text}”",
        "看它怎么说，并问它的管理员；不作改动再试也没有用。",
    ),
    SmtpDiagnosis.MESSAGE_TOO_BIG: (
        "邮件比服务器或收件人肯收的大：“{text}”",
        "少发一些，或发一个链接。服务器的上限在它对 EHLO 的回答里 SIZE 之后；附件在路上会大三分之一。",
    ),
    SmtpDiagnosis.EIGHT_BIT_UNANNOUNCED: (
        "邮件里有 ASCII 以外的八位组，而服务器没有宣布 8BITMIME：它们可能被弄坏。",
        "让客户端给邮件编码（quoted-printable 或 base64），或在服务器上打开 8BITMIME。",
    ),
    SmtpDiagnosis.UTF8_NEEDED: (
        "某个地址或头字段有 ASCII 以外的字符，这要求双方都用 SMTPUTF8；这里没有商定。",
        "让客户端给头字段（RFC 2047）和域名（xn--）编码，或用宣布 SMTPUTF8 的服务器和会要求它的客户端。",
    ),
    SmtpDiagnosis.BARE_LINE_ENDS: (
        "客户端的行只以 LF 结尾，而不是 CRLF（{count}）。",
        "让客户端写 CRLF。越来越多的服务器拒收这样的邮件，因为能借此夹带第二封邮件。",
    ),
    SmtpDiagnosis.BARE_LINE_ENDS_REFUSED: (
        "服务器不收只以 CR 或 LF 结尾的行：“{text}”",
        "让客户端在每行末尾写 CRLF：多半是某个脚本、旧的程序库或设备。",
    ),
    SmtpDiagnosis.END_BETWEEN_BARE_LINE_ENDS: (
        "服务器把不在 CRLF 之间的一个点当成了邮件的结尾。",
        "更新服务器：一个服务器当成结尾而另一个不当，就能夹带第二封邮件。",
    ),
    SmtpDiagnosis.END_MISSING: (
        "邮件始终没有结束：服务器在等单独一行的一个点，前后都是 CRLF，而它没有来。",
        "让客户端用 CRLF、点、CRLF 结束邮件。在别的行尾之间的点不算。",
    ),
    SmtpDiagnosis.MESSAGE_BROKEN_OFF: (
        "客户端在邮件中间断了，已有 {octets} 个八位组：什么也没有交出去。",
        "再发一次。如果总在同一处断，就找中间的超时、病毒扫描器或过小的 MTU。",
    ),
    SmtpDiagnosis.UNDOUBLED_DOTS: (
        "邮件里有以一个点开头的行（{count}）：客户端没有把点写成两个。",
        "服务器会去掉这些点，或在那里结束邮件。更新客户端。",
    ),
    SmtpDiagnosis.LONG_LINE: (
        "邮件有一行 {octets} 个八位组；服务器不必接受超过 1,000 的。",
        "让客户端折行，或给邮件编码（quoted-printable 或 base64）：有些服务器会截断或拒收这样的行。",
    ),
    SmtpDiagnosis.BAD_SEQUENCE: (
        "{command} 来的时候服务器还不接受它：“{text}”",
        "顺序是 EHLO、（STARTTLS 和再一次 EHLO、）（AUTH、）MAIL、RCPT、DATA。看看在它之前什么被拒绝了。",
    ),
    SmtpDiagnosis.UNKNOWN_COMMAND: (
        "服务器不认识 {command}，或不做它：“{text}”",
        "只用它在 EHLO 之后列出的。根本不是命令的，可能是错了位的密码或邮件。",
    ),
    SmtpDiagnosis.PIPELINING_UNANNOUNCED: (
        "上一条命令还没有得到回答，客户端就发了下一条，而服务器没有宣布 PIPELINING。",
        "让客户端等每一个回答：服务器可能会丢掉命令，或把客户端当成垃圾邮件发送者。",
    ),
    SmtpDiagnosis.REFUSED_FOR_NOW: (
        "服务器现在做不了 {command}：“{text}”",
        "留着邮件，过一会儿再试。如果一直这样，就看它怎么说，或看它的日志。",
    ),
    SmtpDiagnosis.REFUSED: (
        "服务器彻底拒绝 {command}：“{text}”",
        "看它怎么说：不作改动再试也没有用。",
    ),
    SmtpDiagnosis.TIMED_OUT: (
        "因为太久没有人说话，线路被关闭了。{text}",
        "没有得到回答的就没有交出去：再发一次，并看看客户端或网络在等什么。",
    ),
    SmtpDiagnosis.SERVER_CLOSES: (
        "服务器自己结束了会话：“{text}”",
        "留着没有得到 250 的，过一会儿再试。看它怎么说：常常是它正在停机。",
    ),
    SmtpDiagnosis.ANSWER_MISSING: (
        "{command} 还没有得到回答，线路就断了。",
        "没有得到回答的就没有交出去：再试一次。看服务器当时的日志；也许是防火墙切断了线路。",
    ),
    SmtpDiagnosis.MESSAGE_UNANSWERED: (
        "整封邮件都发出去了，但服务器还没有回答线路就断了：它收到没有，从这里谁也说不准。",
        "再发之前先看服务器的日志：收件人可能会收到两份。让客户端等这个回答等十分钟。",
    ),
    SmtpDiagnosis.QUIT_MISSING: (
        "客户端没说 QUIT 就挂断了。",
        "得到 250 的都没有丢。客户端应当说 QUIT：有些服务器会记它的账。",
    ),
}
