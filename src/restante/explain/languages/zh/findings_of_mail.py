"""The diagnoses of mail, of ends, and of several sessions in Chinese, 中文: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from restante.explain.diagnoses.catalog import Diagnosis

__all__ = ["OF_MAIL"]

OF_MAIL: Final[Mapping[Diagnosis, tuple[str, str]]] = {
    Diagnosis.MESSAGE_CUT: (
        "第 {number} 封信在 {octets} 个字节之后断了。",
        "到手的不是整封信：丢掉它再取一次。找一找超时或者中间的杀毒软件。",
    ),
    Diagnosis.LISTING_CUT: (
        "对 {keyword} 的回答断了。",
        "清单里缺的，信箱里并不缺：不要当作已删除。",
    ),
    Diagnosis.OCTETS_DIFFER: (
        "第 {number} 封信有 {came} 个字节，LIST 说的是 {listed}。",
        "服务器把行尾算作一个，或者在路上加了信头。相信这个数的客户端会截断或卡住。",
    ),
    Diagnosis.DROP_LISTING_DIFFERS: (
        "STAT 说 {count} 封、{octets} 个字节，LIST 说 {listed_count} 封、{listed_octets} 个。",
        "服务器的数对不上：更新它，或者重建它的索引。",
    ),
    Diagnosis.LISTINGS_DIFFER: (
        "LIST 列出 {listed} 封，UIDL 列出 {named} 封；第 {number} 封只在其中一份里。",
        "按 UIDL 取信的客户端看不到全部的信。服务器的数对不上：更新它，或者重建它的索引。",
    ),
    Diagnosis.LISTING_MALFORMED: (
        "对 {keyword} 的回答里有一行形式不对：“{line}”",
        "应当是编号、一个空格，再加字节数或唯一标识。客户端会跳过这一行和那封信，或者放弃。更新服务器。",
    ),
    Diagnosis.TOP_TOO_LONG: (
        "TOP 给了第 {number} 封信的 {came} 行正文，要的是 {asked} 行。",
        "看一眼的代价变大了，用手机流量时尤其如此。更新服务器。",
    ),
    Diagnosis.UNSTUFFED_DOTS: (
        "第 {number} 封信里有以一个点开头的行：{count} 行。服务器没有把点加倍。",
        "客户端会去掉那些点，或者在那里结束信。更新服务器，或者中间的东西。",
    ),
    Diagnosis.UNIQUE_IDS_DOUBLED: (
        "{count} 封信的唯一标识相同：{unique_id}",
        "客户端取了其中一封，就以为别的都有了：有信看不到。更新服务器。",
    ),
    Diagnosis.UNIQUE_ID_ILLEGAL: (
        "有一个唯一标识不是 1 到 70 个可打印的字节：{unique_id}",
        "客户端可能截断它，把两封信当作一封。更新服务器。",
    ),
    Diagnosis.LONG_MESSAGE_LINE: (
        "第 {number} 封信有一行 {octets} 个字节；一行不该超过 1,000。",
        "服务器原样送出是对的。缓冲区固定的客户端会在这里绊倒。",
    ),
    Diagnosis.GMAIL_NEW_ONLY: (
        "Gmail 在这里没有给出信。这不等于没有信：凡是有 POP3 客户端取过的，它都不再给。",
        "想看最近 30 天的信，在名字前面加 recent:；想看全部，到 Gmail 设置里对所有邮件重新启用 POP。",
    ),
    Diagnosis.SLOW_ANSWER: (
        "服务器过了 {seconds} 秒才回答。",
        "有的客户端会放弃。看看服务器：它在查名字、等锁，还是在读很大的信箱。",
    ),
    Diagnosis.BROKEN_WITH_MARKS: (
        "QUIT 之前会话就断了，有 {count} 封做了标记：什么都没有删除，因为从未进入 UPDATE。",
        "客户端还会遇到这些信。让它按唯一标识记住已经有的。",
    ),
    Diagnosis.BROKEN_BEFORE_QUIT: (
        "QUIT 之前会话就断了。没有删除什么，也没有要删除的。",
        "如果常常发生，看看网络和客户端的超时。",
    ),
    Diagnosis.QUIT_UNANSWERED: (
        "QUIT 没有得到回答：做了标记的 {count} 封是否移走，从这里无从知道。",
        "下次会话先用 UIDL 问，然后再取信或丢信。",
    ),
    Diagnosis.UPDATE_FAILED: (
        "服务器没能移走所有做了标记的：“{text}”",
        "下次有些还会在。告诉服务器的管理员；常常是磁盘满了或者只读。",
    ),
    Diagnosis.CLIENT_CHOKED: (
        "客户端在第 {number} 封信那里挂断了，那封信有一行 {octets} 字节：多半是它受不了这么长的行。",
        "这封信怪不得服务器。在客户端的日志里找“line too long”；提高它的上限或更新它，或者把那封信挪开。",
    ),
    Diagnosis.SERVER_HUNG_UP: (
        "服务器自己结束了会话：“{text}”",
        "什么都没有删除。看看它说了什么：往往是它正在停止，或者受够了这个客户端。稍后再开始一次会话。",
    ),
    Diagnosis.AUTOLOGOUT: (
        "服务器自己结束了会话，多半是因为有一阵没有人问什么。{text}",
        "什么都没有删除。让客户端早些再问，或者开始一次新的会话。",
    ),
    Diagnosis.ANSWER_MISSING: (
        "{keyword} 还没有得到回答，线路就断了。",
        "看看服务器此时的日志。中间的设备或超时可能切断了线路。",
    ),
    Diagnosis.KEPT_AFTER_READING: (
        "取过的信还留在服务器上：{count} 封。",
        "如果客户端本来就要把信留着，这没有问题。否则它要在 QUIT 之前说 DELE。",
    ),
    Diagnosis.DELETED_UNREAD: (
        "删除了这次会话里没有取过的信：{count} 封。",
        "如果以前取过，这没有问题。否则它们没读就没了。",
    ),
    Diagnosis.DUPLICATE_DELETED: (
        "第 {number} 封信没读就做了删除标记，因为另一封的唯一标识与它相同：{unique_id}",
        "两封未必是同一封信，有一封会丢。可能的话在 QUIT 之前停下客户端；没有存好的信绝不能删。",
    ),
    Diagnosis.MARKS_TAKEN_OFF: (
        "RSET 去掉了 {count} 个标记，所以什么都没有删除。",
        "如果要删，下次会话再做标记。",
    ),
    Diagnosis.UNIQUE_IDS_CHANGED: (
        "服务器换了唯一标识：原来的 {before} 现在是 {unique_id}。客户端会全部重新下载。",
        "如果服务器搬过家或重建过，在客户端连来之前把旧的唯一标识接过来。",
    ),
    Diagnosis.DOWNLOADED_AGAIN: (
        "取了一封先前会话已经取过的信：{unique_id}",
        "唯一标识没有变：要么客户端忘了，要么有两个客户端。检查它能不能写下自己的状态。",
    ),
    Diagnosis.STUCK_AT_MESSAGE: (
        "接连两次会话都断在第 {number} 封信：客户端总也过不去。",
        "看看客户端日志里对那封信说了什么。用别的程序取它，或者在服务器上把它挪开，其余的就能取到了。",
    ),
    Diagnosis.ASKS_TOO_OFTEN: (
        "{seconds} 秒之内开始了 {count} 次会话。",
        "几分钟一次就够了。服务器会让这样的客户端慢下来，或者拒绝它（LOGIN-DELAY）。",
    ),
    Diagnosis.OWN_LOCK: (
        "前一次会话没有 QUIT 就断了，它的锁还在。",
        "等服务器察觉，最迟到它超时。让客户端说 QUIT。",
    ),
}
