"""What a talk by hand says in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.talk_phrases import TalkPhrase

__all__ = ["COMMANDS", "STEPS", "TALK"]

TALK: Final[Mapping[TalkPhrase, str]] = {
    TalkPhrase.WELCOME: "请输入命令，或输入 help。按 Tab 键补全。",
    TalkPhrase.ASKS_NAME: "名字：",
    TalkPhrase.ASKS_PASSWORD: "密码（不会显示）：",
    TalkPhrase.ASKS_TOKEN: "令牌（不会显示）：",
    TalkPhrase.ASKS_RESPONSE: "服务器在提问。请用 base64 回答（不会显示）；输入 * 放弃：",
    TalkPhrase.NO_PASSWORD: "没有输入密码，什么也没有发送：请再试一次",
    TalkPhrase.UNFIT_LINE: "发给服务器的一行不能为空，也不能含有控制字符：什么也没有发送；请重新输入",
    TalkPhrase.HANGS_UP: "您没有说 QUIT 就挂断了：不会移走任何信",
    TalkPhrase.MORE_LINES: "（输入 more 继续看。）",
    TalkPhrase.NO_MORE: "没有更多内容可看了。",
    TalkPhrase.GONE_BEFORE_LOGIN: (
        "在没有人说话的时候，{server} 关闭了连接：服务器大约只等一分钟让人登录。什么都没有改变。请重新开始，并先"
        "准备好名字和密码"
    ),
    TalkPhrase.GONE_AFTER_REFUSAL: (
        "登录被拒绝后，{server} 关闭了连接，有些服务器就是这样。什么都没有改变。请检查名字和密码，再重新开始"
    ),
    TalkPhrase.GONE_UNMARKED: (
        "在没有人说话的时候，{server} 关闭了连接：多数服务器十分钟后就会这样。没有做过删除标记，每封信都还在。请"
        "重新开始；不时说一声 NOOP 可以保住会话"
    ),
    TalkPhrase.GONE_WITH_ONE_MARK: (
        "在没有人说话的时候，{server} 关闭了连接：多数服务器十分钟后就会这样。删除标记随之消失，那封信还在。请重"
        "新开始，再做一次标记，并以 QUIT 结束"
    ),
    TalkPhrase.GONE_WITH_MARKS: (
        "在没有人说话的时候，{server} 关闭了连接：多数服务器十分钟后就会这样。{count} 个删除标记随之消失，那些信"
        "都还在。请重新开始，再做一次标记，并以 QUIT 结束"
    ),
    TalkPhrase.HELP_DOES: "说明现在可以说什么，或某个命令的作用。",
    TalkPhrase.MORE_DOES: "显示长回答接下来的几行。",
    TalkPhrase.NOT_ANNOUNCED: "此处没有声明：",
    TalkPhrase.WHICH_COMMAND: "[命令]",
    TalkPhrase.CAN_BE_SAID: "现在处于 {state} 状态，可以说：",
    TalkPhrase.IN_ANOTHER_STATE: "在别的状态才能说：{commands}。",
    TalkPhrase.MORE_HELP: (
        "help RETR 会多讲讲 RETR。以 / 开头的一行会去掉它，原样发送：/HELP 是向服务器求助。Ctrl-C 丢弃这一行，"
        "Ctrl-D 不说 QUIT 就挂断。"
    ),
    TalkPhrase.NO_COMMAND: "这不是 POP3 的命令。POP3 的命令有 {commands}。",
    TalkPhrase.WHEN: "何时：{states}。",
    TalkPhrase.BEFORE_LOGIN: "AUTHORIZATION，登录之前",
    TalkPhrase.AFTER_LOGIN: "TRANSACTION，登录之后",
    TalkPhrase.ANSWER: "回答：{shape}。",
    TalkPhrase.SHAPE_LINE: "一行",
    TalkPhrase.SHAPE_LISTING: "一行状态、若干行，再加单独一个点",
    TalkPhrase.SHAPE_MESSAGE: "一行状态、整封信，再加单独一个点",
    TalkPhrase.SHAPE_LISTING_UNLESS_NUMBER: "一份清单；若指明了某封信，则是一行",
    TalkPhrase.SHAPE_LISTING_UNLESS_LANGUAGE: "一份清单；若指明了语言，则是一行",
    TalkPhrase.SHAPE_EXCHANGE: "若干质询，最后一行",
    TalkPhrase.SOURCE: "出处：{source}。",
    TalkPhrase.ARGUMENT_MSG: "msg 是信的编号，由 LIST 给出。",
    TalkPhrase.ARGUMENT_N: "n 是正文的行数；0 表示只要信头。",
    TalkPhrase.ARGUMENT_NAME: "name 是信箱的名字。",
    TalkPhrase.ARGUMENT_PASSWORD: "password 是那一个空格之后的全部内容；不写就会问您，并且不会显示。",
    TalkPhrase.ARGUMENT_DIGEST: "digest 是对问候中的时间戳后接密码算出的 MD5，用十六进制写。",
    TalkPhrase.ARGUMENT_MECHANISM: "mechanism 是 CAPA 在 SASL 之后列出的一种；在终端上，整个交换会替您完成。",
    TalkPhrase.ARGUMENT_INITIAL_RESPONSE: (
        "initial-response 用 base64 写；前面加上 /（如 /AUTH PLAIN），服务器的提问就由您亲手回答。"
    ),
    TalkPhrase.ARGUMENT_LANGUAGE: "language 是语言标签，例如 de。",
    TalkPhrase.ANNOUNCED_BY_THOSE_THAT_HAVE_IT: (
        "有这项功能的服务器会在对 CAPA 的回答里说 {capability}；您还没有问过 CAPA。"
    ),
    TalkPhrase.IS_ANNOUNCED: "这台服务器有这项功能：它在对 CAPA 的回答里说了 {capability}。",
    TalkPhrase.IS_NOT_ANNOUNCED: "这台服务器没有声明它：对 CAPA 的回答里没有 {capability}。不妨一试。",
    TalkPhrase.NOTHING_IS_ANNOUNCED: "这台服务器不认识 CAPA，有没有这项功能，试了才知道。",
    TalkPhrase.OFFERS: "它提供 {mechanisms}。",
    TalkPhrase.STEP: "第 {number} 步，共 {count} 步。{words}",
    TalkPhrase.TYPE: "请输入：{line}",
    TalkPhrase.LEFT_EARLY: "您离开时还有 {left} 步没有做。随时可以重新开始。",
    TalkPhrase.WRONG_PASSWORD: "密码不对，服务器连名字也忘掉了：两样都要再说一次。",
    TalkPhrase.TRY_SO: "服务器拒绝了：它的回答说明了原因。请这样试：{line}",
    TalkPhrase.ANOTHER_COMMAND: "这是另一个命令，也可以说。现在请输入：{line}",
}

COMMANDS: Final[Mapping[bytes, str]] = {
    b"USER": "说出要取谁的信；后面必须接 PASS。",
    b"PASS": "紧跟在 USER 之后给出密码，并打开信箱。",
    b"APOP": "用对问候中时间戳的 MD5 摘要证明密码，并打开信箱。",
    b"AUTH": "用一种 SASL 机制登录，并打开信箱。",
    b"STLS": "在这条连接上开始 TLS。",
    b"UTF8": "说明客户端可以原样接受信头里有 UTF-8 的信。",
    b"STAT": "告诉一共有多少封信、多少个字节。",
    b"LIST": "告诉一封信或全部信各有多少个字节。",
    b"RETR": "发来一封信。",
    b"DELE": "给一封信做删除标记；QUIT 会移走做了标记的。",
    b"NOOP": "什么也不做，只让会话不致因空闲而结束。",
    b"RSET": "去掉所有删除标记。",
    b"TOP": "发来一封信的信头和正文的前 n 行。",
    b"UIDL": "告诉一封信或全部信的唯一标识。",
    b"CAPA": "列出服务器会做什么。",
    b"LANG": "请服务器改用另一种语言，或列出它会的语言。",
    b"QUIT": "结束会话；登录之后，会先移走做了标记的，这就是 UPDATE 状态。",
}

STEPS: Final[Mapping[bytes, tuple[str, str]]] = {
    b"USER": (
        "服务器已经向您问好，说的是 +OK。每个好的回答都这样开头，每个拒绝都以 -ERR 开头。它还不知道您来取谁的信："
        "告诉它一个名字。",
        "任何名字都会得到这个回答，这样就没有人能借此打听出谁在这里有信。",
    ),
    b"PASS": (
        "现在说密码。这个演示就在您自己的机器上；在别处，先等 TLS 立起来再说密码。",
        "您现在处于 TRANSACTION 状态。信箱已为您锁住：别的会话进不来，在您离开之前，您看到的内容不会变。",
    ),
    b"STAT": (
        "有多少信在等着？STAT 用两个数告诉您。",
        "第一个数是信的封数，第二个数是它们的字节数。",
    ),
    b"LIST": (
        "那么每封信呢？",
        "每封一行：编号（只在这次会话里有效）和字节数。单独一个点表示多行的回答到此结束。",
    ),
    b"UIDL": (
        "编号在每次会话里都重新开始。一封信长久叫什么名字，由 UIDL 告诉。",
        "这些就是唯一标识。邮件程序记住它们，就知道哪封信是新的。",
    ),
    b"TOP": (
        "取整封信之前先看一眼：TOP 给出信头，再加上您要的正文行数。这次一行也不要。",
        "只有信头。线路慢的时候，就这样看出哪封信值得取。",
    ),
    b"RETR": (
        "现在取整封信。",
        "信递过来了，服务器上也还有：取信不等于删信。",
    ),
    b"DELE": (
        "给它做一个删除标记。",
        "标记做好了，信并没有走。如果现在挂断，下次它还在这里。",
    ),
    b"RSET": (
        "您改了主意。RSET 去掉所有标记。",
        "现在什么标记都没有了。",
    ),
    b"QUIT": (
        "说再见吧。只有 QUIT 才会让服务器进入 UPDATE 状态，移走做了标记的信。",
        "没有做标记的都还在。这就是一次完整的 POP3 会话。",
    ),
}
