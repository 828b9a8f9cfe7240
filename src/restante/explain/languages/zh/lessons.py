"""The lessons in Chinese, 中文."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.phrases import Lesson

__all__ = ["LESSONS"]

LESSONS: Final[Mapping[Lesson, str]] = {
    Lesson.CONNECTED: (
        "POP3 是在一条 TCP 连接上用文本行进行的对话。服务器先开口：客户端若什么也听不到，多半是到了一个等着 TLS "
        "的端口。"
    ),
    Lesson.SECURED: (
        "有了 "
        "TLS，两者之间谁也不能读到或改动他们的话，客户端也看过了服务器的证书。在这之前说的，包括能力清单，都不算数"
        "：谁都可能写下它。"
    ),
    Lesson.SEALED: "从外面只能读到 TLS 最初的几个记录。想知道说了什么，就要在一端看，或者经双方同意坐在中间。",
    Lesson.GREETING: (
        "每次会话都以一行 +OK 或 -ERR 开始。现在处于 AUTHORIZATION 状态：服务器知道来的是谁之前，不碰任何信件。"
    ),
    Lesson.APOP_TIMESTAMP: (
        "尖括号里的文字每次连接都不同。APOP 把它和密码混在一起，偷听的人就不能再用一次那个答案。MD5 已经变弱；有 "
        "TLS 就不需要它。"
    ),
    Lesson.USER: "USER 只说出是哪个信箱。谨慎的服务器对不认识的名字也说 +OK，免得有人靠询问得知谁有账户。",
    Lesson.PASS: "PASS 紧跟在 USER 之后，那一个空格后面的一切都是密码，空格也算。没有 TLS，路上的人都能读到。",
    Lesson.APOP: (
        "名字和证明在同一行：对问候中的时间戳和密码算出的 MD5 "
        "摘要。密码不经过线路，但服务器必须以可读的形式保存它。"
    ),
    Lesson.AUTH: (
        "AUTH 开始一来一往的质询与回应，用的是 "
        "base64，那是字母表而不是加密。客户端可以把第一个回应一起送来；否则服务器用一个加号来要。"
    ),
    Lesson.AUTH_ALONE: (
        "不带机制的 AUTH 不在任何 RFC 里；老客户端这样询问如今由 CAPA 的 SASL 一行给出的清单。被拒绝也无妨。"
    ),
    Lesson.CHALLENGE: (
        "以加号开头的一行既不是同意也不是拒绝：服务器在等下一行。客户端回答的无论看起来像什么，都不是命令。"
    ),
    Lesson.CANCEL: "单独一个星号结束客户端不想继续的往来。服务器回答 -ERR，会话照常继续，就像什么都没说过。",
    Lesson.STLS: (
        "STLS 请求在同一条连接上开始 TLS。握手完成之前后面不能再送任何东西：否则坐在中间的人可以塞进命令。要用 "
        "TLS 的客户端被拒绝后不会继续。"
    ),
    Lesson.UTF8: "没有它，服务器不能原样送出 UTF-8 的信头，只能改写或拒绝。它在登录之前，因为它会改变信箱的样子。",
    Lesson.CAPA: (
        "服务器列出最老的命令之外还会什么。不问的客户端只能去试。有了 "
        "TLS、登录之后，回答都可能变，所以谨慎的客户端会再问一次。"
    ),
    Lesson.LANG: "它改变 +OK 和 -ERR 后面给人看的文字的语言。程序不看这些文字。",
    Lesson.LOGGED_IN: (
        "登录取得了独占锁：会话结束之前别人都进不来，信件的编号也就此定下。现在到的信要等下一次会话。这就是 "
        "TRANSACTION。"
    ),
    Lesson.STAT: "有多少封信，一共多少个字节。程序只读这两个数，不看后面的。做了标记的不算。",
    Lesson.LIST: (
        "每封信的编号和字节数，客户端可以跳过太大的。编号只在这次会话里有效；要再认出一封信，得用 UIDL。"
    ),
    Lesson.UIDL: (
        "唯一标识永远指着同一封信。客户端靠它把信留在服务器上，又只下载一次。服务器若换了标识，所有客户端都会全部"
        "重新下载。"
    ),
    Lesson.RETR: "整封信，和投递时一模一样。读信不会删除：没有 DELE 和 QUIT，下次它还在。",
    Lesson.TOP: "信头、空行，再加所要的正文行数：不下载也能看一眼。有的服务器把它当作已读，但谁也不可以当作已删。",
    Lesson.DELE: (
        "DELE 只做标记。QUIT 得到回答时信才移走；若线路在那之前断了，或者来了 "
        "RSET，信就留着。谨慎的客户端会先把信稳妥地存到自己的磁盘上。"
    ),
    Lesson.NOOP: "它只表示还有人在：沉默十分钟之后服务器可以挂断。它也占着锁，别的客户端进不来。",
    Lesson.RSET: "QUIT 之前的退路：这次会话的删除标记全部去掉，什么都不会移走。",
    Lesson.QUIT: "QUIT 让删除成真：会话进入 UPDATE，服务器移走做了标记的，然后回答。不说 QUIT 就挂断，一切照旧。",
    Lesson.QUIT_BEFORE_LOGIN: "登录之前没有什么可更新的：服务器道别，然后关上。",
    Lesson.UPDATED: (
        "这一行到了，UPDATE 就完成了：做了标记的永远移走，锁也放开了。若没有到，客户端无从得知，下次要先用 UIDL "
        "问。"
    ),
    Lesson.MESSAGE: (
        "只有一个点的一行是结尾。信里以点开头的行在路上多加一个点，客户端再去掉。数字节时每个行尾算两个，多加的"
        "点和结尾都不算。"
    ),
    Lesson.LISTING: "+OK 之后是若干行，以只有一个点的一行结束。空的清单就只有那个点。",
    Lesson.NO_COMMAND: (
        "命令是三四个字母的关键字加上参数，每个参数前一个空格。其余的服务器都答 "
        "-ERR，多几次很多服务器就挂断。这里不显示它：可能是错位送来的密码。"
    ),
    Lesson.REFUSED: "-ERR 只拒绝这一个命令，什么都不改变。后面的文字是给人看的：程序不该去理解它。",
    Lesson.REFUSED_WITH_CODE: (
        "方括号里的词是给程序用的响应码：它把密码不对（AUTH）、服务器满了或坏了（SYS）和信箱正被使用区分开来。"
    ),
    Lesson.CLOSED_EARLY: (
        "没有 QUIT 就结束的会话永远不会进入 UPDATE：标记都被忘掉，每封信都还在。客户端取过的，下次还会遇到。"
    ),
}
