"""What is said of SMTP and LMTP, in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.smtp.phrases import SmtpLesson, SmtpPhrase

__all__ = ["SMTP_LESSONS", "SMTP_STORY"]

SMTP_STORY: Final[Mapping[SmtpPhrase, str]] = {
    SmtpPhrase.CHAPTER_ENVELOPE: "信封",
    SmtpPhrase.SAYS_HELLO: "您好，我是 {name}。您会做什么？",
    SmtpPhrase.SAYS_MAIL: "我带来一封信。如果送不到，请告诉 {address}。",
    SmtpPhrase.SAYS_MAIL_OCTETS: "我带来一封信，{octets} 个字节。如果送不到，请告诉 {address}。",
    SmtpPhrase.SAYS_MAIL_NOBODY: "我带来一份通知。如果送不到，不必告诉任何人。",
    SmtpPhrase.SAYS_RCPT: "是给 {address} 的。",
    SmtpPhrase.SAYS_DATA: "现在是信本身。",
    SmtpPhrase.SAYS_RSET: "请忘掉这个信封，我重新来。",
    SmtpPhrase.SAYS_VRFY: "您这里有叫这个名字的人吗？",
    SmtpPhrase.SAYS_HELP: "在这里可以说些什么？",
    SmtpPhrase.MESSAGE_GIVEN: "（信递了过去：{octets} 个字节，{lines} 行。）",
    SmtpPhrase.MESSAGE_GIVEN_OCTETS: "（信递了过去：{octets} 个字节。）",
    SmtpPhrase.MESSAGE_NOT_SHOWN: "（信递了过去。这份记录里没有它。）",
    SmtpPhrase.MESSAGE_CUT: "（信在 {octets} 个字节之后断了，没有结尾。）",
    SmtpPhrase.GREETS: "我在这里。有人带信来吗？",
    SmtpPhrase.ANSWERS_HELLO: "欢迎。",
    SmtpPhrase.ANSWERS_EXTENSIONS: "欢迎。我会这些：{names}",
    SmtpPhrase.ANSWERS_STARTTLS: "好的，您拉住那一头。",
    SmtpPhrase.ANSWERS_LOGIN: "您确实是本人。请继续。",
    SmtpPhrase.ANSWERS_MAIL: "可以作为寄信人。",
    SmtpPhrase.ANSWERS_RCPT: "给这个地址的我收下。",
    SmtpPhrase.ANSWERS_DATA: "请吧；单独一行一个点就是结尾。",
    SmtpPhrase.ANSWERS_MESSAGE: "信我收到了，从这里起由我负责。",
    SmtpPhrase.ANSWERS_RSET: "已经忘掉了。",
    SmtpPhrase.ANSWERS_QUIT: "再见！",
    SmtpPhrase.ANSWERS_WELL: "很好。",
    SmtpPhrase.GREETS_BADLY: "您的信我不收：“{text}”",
    SmtpPhrase.CLOSES: "我得关上了：“{text}”",
    SmtpPhrase.REFUSES_LOGIN: "我不能让您进来：“{text}”",
    SmtpPhrase.REFUSES_TLS: "我这里没有帘子：“{text}”",
    SmtpPhrase.REFUSES_SENDER: "这个寄信人的我不收：“{text}”",
    SmtpPhrase.REFUSES_RECIPIENT: "给这个地址的我不收：“{text}”",
    SmtpPhrase.REFUSES_RECIPIENT_FOR_NOW: "给这个地址的我现在收不了：“{text}”",
    SmtpPhrase.REFUSES_MESSAGE: "这封信我不收：“{text}”",
    SmtpPhrase.REFUSES_MESSAGE_FOR_NOW: "这封信我现在收不了：“{text}”",
    SmtpPhrase.REFUSES: "不行：“{text}”",
    SmtpPhrase.REFUSES_FOR_NOW: "现在不行：“{text}”",
    SmtpPhrase.SAYS_UNASKED: "“{text}”（没有人问过。）",
    SmtpPhrase.CLOSED_EARLY: "没有道别，线路就静了下来。没有得到回答的，就没有交出去。",
}

SMTP_LESSONS: Final[Mapping[SmtpLesson, str]] = {
    SmtpLesson.GREETING: "在 SMTP 里也是服务器先说话。220 表示它准备好了；554 表示它在这里不收信。",
    SmtpLesson.HELLO: (
        "EHLO 说出客户端的名字并询问扩展：回答的每一行就是一项，SIZE 带着最大的信，AUTH 带着登录的方式。HELO "
        "是较旧的形式，不询问扩展。LHLO 是 LMTP 的。"
    ),
    SmtpLesson.STARTTLS: (
        "在 STARTTLS 之前，路上什么都可以读到。握手之后双方忘掉先前说的话，EHLO 要重新说：明着宣布的可能来自别人。"
    ),
    SmtpLesson.AUTH: (
        "替外面的人交信需要登录：否则人人都能以任何人的名义寄信。这些行是 base64，它什么也不隐藏；隐藏的是 TLS。"
    ),
    SmtpLesson.MAIL: (
        "MAIL 打开一个信封，并写上回信路径，送不到时就通知那里。它不一定是信里的 "
        "From，正如信封上的寄信人不一定是信里的那一位。"
    ),
    SmtpLesson.RCPT: (
        "每个 RCPT 写上一位收信人，并各自得到回答：有的收下，有的拒绝。Bcc 就是这样：名字在信封上，不在任何信头里。"
    ),
    SmtpLesson.DATA: "DATA 请求允许发送信本身；354 表示允许。到这里为止，信还没有上路。",
    SmtpLesson.MESSAGE: "信以单独一个点的一行结尾。信里以点开头的行在路上会多加一个点，由服务器去掉。",
    SmtpLesson.TAKEN: (
        "有了这个 250，信就由服务器负责：它会送到，或者通知回信路径说没有送到。在此之前由客户端负责，它把信留"
        "到那时。"
    ),
    SmtpLesson.LATER: "以 4 开头的代码只是暂时的：同样的事以后可能成功，所以客户端留着信再试。",
    SmtpLesson.NEVER: "以 5 开头的代码是最终的：不作改变再试也是徒劳。",
    SmtpLesson.QUIT: "QUIT 结束会话。得到 250 回答的信是安全的，不论 QUIT 来不来。",
}
