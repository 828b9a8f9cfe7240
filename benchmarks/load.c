/* load: clients that ask a POP3 or LMTP server for much, and check what they get.
 *
 * One thread, one epoll, many connections; no allocation for each command, replies are looked through by 16 octets
 * at a time, so that one core of this keeps any server on one core busy. It checks: each status is +OK (LMTP: the
 * code that is due), each message has as many octets as LIST said, STAT, LIST and UIDL agree. A wrong answer counts
 * as an error and ends its session.
 *
 * It prints one line of JSON: count (sessions, or messages for retr and lmtp), seconds, octets, errors, what the
 * first error was, and the CPU seconds that it used itself: near to `seconds` would mean that it was the bottleneck.
 *
 *   cc -O2 -DWITH_TLS load.c -lssl -lcrypto     (without -DWITH_TLS and the libraries: no TLS)
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#ifdef WITH_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>
#endif

enum { READ_OCTETS = 1 << 18, LINE_OCTETS = 1024, MOST_ERRORS = 200, SOURCES = 200 };

enum mode { SESSIONS, RETR, LISTINGS, DELE, IDLE, LMTP };
static const char *const mode_names[] = {"sessions", "retr", "listings", "dele", "idle", "lmtp"};

enum step { GREETING, USER, PASS, STAT, LIST, UIDL, GET, MARK, QUIT, LHLO, MAIL, RCPT, DATA, BODY };

/* --- what was asked for --- */

static enum mode mode = SESSIONS;
static const char *host = "127.0.0.1", *prefix = "user", *password = "secret", *domain = "localhost";
static int port, connections = 16, accounts = 20, messages = 200, repeat = 1;
static long sessions_wanted;           /* 0: as many as the seconds give */
static double seconds_wanted = 1, warm_up = 0.2, most_seconds = 120;
static bool pipelined, tls;
static char *letter;                   /* what LMTP delivers: stuffed, with its terminating line */
static size_t letter_octets;

/* --- what was found --- */

static long counted, total_errors, sessions_ended, sessions_begun, octets_counted;
static char first_error[400];
static bool measuring;
static double begun_at, started_at;

struct connection {
    int fd, account;
    bool wants_write, in_body, in_listing, handshaking, pipelines;
    long asked, answered;              /* steps of the script, commands sent and replies got */
    char line[LINE_OCTETS];
    size_t line_octets;
    int dot_state;                     /* 0 in a line, 1 at its start, 2 after its first dot, 3 after dot and CR */
    long body_octets, stuffed;
    long field[2];
    int fields;
    long stat_count, stat_octets, listed, listed_octets;
    long *octets;                      /* what LIST said of each message */
    char *out;
    size_t out_octets, out_sent, out_room;
#ifdef WITH_TLS
    SSL *ssl;
#endif
};

static struct connection *all;
static int *free_accounts, first_free, free_count, held_count;
static int poll_fd;
static unsigned char buffer[READ_OCTETS];
#ifdef WITH_TLS
static SSL_CTX *context;
#endif

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* --- the script: which step comes as the nth of a session --- */

static long steps_in_session(void)
{
    switch (mode) {
    case SESSIONS: return 5;
    case RETR: return 5 + (long)messages * repeat;
    case LISTINGS: return 7;
    case DELE: return 4 + messages;
    case IDLE: return 3;
    case LMTP: return 1L << 60;
    }
    return 0;
}

static enum step step_at(long n)
{
    if (mode == LMTP)
        return n == 0 ? GREETING : n == 1 ? LHLO : (enum step)(MAIL + (n - 2) % 4);
    if (n < 3)
        return (enum step)(GREETING + n);
    if (n == steps_in_session() - 1)
        return QUIT;
    switch (mode) {
    case RETR: return n == 3 ? LIST : GET;
    case LISTINGS: return n == 3 ? STAT : n == 4 ? UIDL : LIST;
    case DELE: return MARK;
    default: return STAT;
    }
}

static int message_at(long n) { return (int)((n - (mode == RETR ? 4 : 3)) % messages) + 1; }

/* --- sending --- */

static void watch(struct connection *c, bool write)
{
    struct epoll_event event = {.events = EPOLLIN | (write ? EPOLLOUT : 0), .data.ptr = c};
    if (epoll_ctl(poll_fd, EPOLL_CTL_MOD, c->fd, &event) < 0)
        die("epoll_ctl");
    c->wants_write = write;
}

static void put(struct connection *c, const char *octets, size_t n)
{
    if (c->out_octets + n > c->out_room) {
        c->out_room = (c->out_octets + n) * 2;
        c->out = realloc(c->out, c->out_room);
    }
    memcpy(c->out + c->out_octets, octets, n);
    c->out_octets += n;
}

__attribute__((format(printf, 2, 3))) static void say(struct connection *c, const char *form, ...)
{
    char line[LINE_OCTETS];
    va_list arguments;
    va_start(arguments, form);
    int n = vsnprintf(line, sizeof line, form, arguments);
    va_end(arguments);
    put(c, line, (size_t)n);
}

static void put_step(struct connection *c, long n)
{
    switch (step_at(n)) {
    case GREETING: break;
    case USER: say(c, "USER %s%d\r\n", prefix, c->account); break;
    case PASS: say(c, "PASS %s\r\n", password); break;
    case STAT: put(c, "STAT\r\n", 6); break;
    case LIST: put(c, "LIST\r\n", 6); break;
    case UIDL: put(c, "UIDL\r\n", 6); break;
    case GET: say(c, "RETR %d\r\n", message_at(n)); break;
    case MARK: say(c, "DELE %d\r\n", message_at(n)); break;
    case QUIT: put(c, "QUIT\r\n", 6); break;
    case LHLO: put(c, "LHLO load.localhost\r\n", 21); break;
    case MAIL: put(c, "MAIL FROM:<sender@example.org>\r\n", 32); break;
    case RCPT: say(c, "RCPT TO:<%s%d@%s>\r\n", prefix, (int)((c->account + n / 4) % accounts), domain); break;
    case DATA: put(c, "DATA\r\n", 6); break;
    case BODY: put(c, letter, letter_octets); break;
    }
}

/* Whether the nth command may go out while the answer to an earlier one is still due. */
static bool may_follow(struct connection *c, long n)
{
    enum step next = step_at(n), due = step_at(c->answered);
    if (mode == LMTP)
        return c->pipelines && (next == RCPT || next == DATA) && due >= MAIL && due < next;
    return pipelined && next == GET && due == GET;
}

static void end_session(struct connection *c, const char *error);
static void begin_session(struct connection *c);

static void flush(struct connection *c)
{
    while (c->out_sent < c->out_octets) {
        const char *from = c->out + c->out_sent;
        size_t left = c->out_octets - c->out_sent;
        ssize_t n;
#ifdef WITH_TLS
        if (c->ssl) {
            n = SSL_write(c->ssl, from, (int)left);
            if (n <= 0) {
                if (SSL_get_error(c->ssl, (int)n) != SSL_ERROR_WANT_WRITE) {
                    end_session(c, "TLS broke off while writing");
                    return;
                }
                n = -1, errno = EAGAIN;
            }
        } else
#endif
            n = send(c->fd, from, left, MSG_NOSIGNAL);
        if (n < 0) {
            if (errno != EAGAIN) {
                end_session(c, strerror(errno));
                return;
            }
            if (!c->wants_write)
                watch(c, true);
            return;
        }
        c->out_sent += (size_t)n;
    }
    c->out_octets = c->out_sent = 0;
    if (c->wants_write)
        watch(c, false);
}

static void ask(struct connection *c)
{
    long last = steps_in_session();
    while (c->asked < last && (c->asked == c->answered || may_follow(c, c->asked)))
        put_step(c, c->asked++);
    flush(c);
}

/* --- the life of a connection --- */

static void begin_session(struct connection *c)
{
    if (sessions_wanted && sessions_begun >= sessions_wanted)
        return;
    sessions_begun++;
    c->account = free_accounts[first_free];
    first_free = (first_free + 1) % accounts, free_count--;
    c->asked = 1; /* the greeting is not asked for */
    c->answered = 0;
    c->line_octets = 0;
    c->in_body = c->in_listing = c->pipelines = c->wants_write = false;
    c->out_octets = c->out_sent = 0;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        die("socket");
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    /* Many addresses of our own, since one has not ports enough for sessions that last under a millisecond. */
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(0x7f000002u + (uint32_t)(sessions_begun % SOURCES));
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from) < 0)
        die("bind");
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &to.sin_addr);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
        die("connect");
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &event) < 0)
        die("epoll_ctl");
#ifdef WITH_TLS
    if (tls) {
        c->ssl = SSL_new(context);
        SSL_set_fd(c->ssl, c->fd);
        SSL_set_connect_state(c->ssl);
        c->handshaking = true;
        watch(c, true); /* the client speaks first */
    }
#endif
}

static void end_session(struct connection *c, const char *error)
{
    if (error) {
        if (!total_errors++)
            snprintf(first_error, sizeof first_error, "step %ld, account %d: %s", c->answered, c->account, error);
    } else {
        sessions_ended++;
        if (measuring && mode != RETR && mode != LMTP)
            counted++;
    }
#ifdef WITH_TLS
    if (c->ssl) {
        SSL_free(c->ssl);
        c->ssl = NULL;
    }
#endif
    close(c->fd);
    c->fd = -1;
    free_accounts[(first_free + free_count++) % accounts] = c->account;
    if (total_errors < MOST_ERRORS)
        begin_session(c);
}

static void reply_ended(struct connection *c)
{
    enum step step = step_at(c->answered++);
    if (measuring && (step == GET || step == BODY))
        counted++;
    if (sessions_wanted && mode == LMTP && counted >= sessions_wanted)
        return;
    if (c->answered < steps_in_session()) {
        ask(c);
    } else if (mode == IDLE) {
        held_count++;
        /* Only so many logins at once: the next connection begins when this one is through. */
        if (sessions_begun < connections)
            begin_session(&all[sessions_begun]);
    } else {
        end_session(c, NULL);
    }
}

/* --- reading --- */

/* The first LF that a dot follows, or that is the last octet; `end` when there is none. */
static const unsigned char *line_feed_and_dot(const unsigned char *p, const unsigned char *end)
{
#ifdef __SSE2__
    const __m128i lf = _mm_set1_epi8('\n'), dot = _mm_set1_epi8('.');
    for (; p + 17 <= end; p += 16) {
        __m128i here = _mm_loadu_si128((const __m128i *)p), next = _mm_loadu_si128((const __m128i *)(p + 1));
        int hits = _mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(here, lf), _mm_cmpeq_epi8(next, dot)));
        if (hits)
            return p + __builtin_ctz((unsigned)hits);
    }
#endif
    for (; p < end; p++)
        if (*p == '\n' && (p + 1 == end || p[1] == '.'))
            return p;
    return end;
}

/* Look through a message; gives how many octets belong to it. */
static size_t read_body(struct connection *c, const unsigned char *from, const unsigned char *end)
{
    const unsigned char *p = from;
    bool over = false;
    while (p < end && !over) {
        switch (c->dot_state) {
        case 0:
            p = line_feed_and_dot(p, end);
            if (p < end)
                p++, c->dot_state = 1;
            break;
        case 1:
            c->dot_state = *p == '.' ? (p++, 2) : 0;
            break;
        case 2:
            if (*p == '\r')
                p++, c->dot_state = 3;
            else
                c->stuffed++, c->dot_state = 0;
            break;
        default:
            if (*p == '\n')
                p++, over = true;
            else
                c->stuffed++, c->dot_state = 0;
        }
    }
    c->body_octets += p - from;
    if (over) {
        c->in_body = false;
        long octets = c->body_octets - 3 - c->stuffed;
        if (measuring)
            octets_counted += octets;
        if (octets != c->octets[message_at(c->answered) - 1]) {
            char error[100];
            snprintf(error, sizeof error, "message %d has %ld octets, LIST said %ld", message_at(c->answered),
                     octets, c->octets[message_at(c->answered) - 1]);
            end_session(c, error);
        } else {
            reply_ended(c);
        }
    }
    return (size_t)(p - from);
}

/* Look through LIST or UIDL: numbers in two fields, or one and a text. */
static size_t read_listing(struct connection *c, const unsigned char *from, const unsigned char *end)
{
    const unsigned char *p = from;
    for (; p < end; p++) {
        unsigned char octet = *p;
        if (octet == '\n') {
            bool over = c->dot_state == 2;
            if (over) {
                c->in_listing = false;
                enum step step = step_at(c->answered);
                p++;
                if (mode == LISTINGS && (c->listed != c->stat_count
                                         || (step == LIST && c->listed_octets != c->stat_octets))) {
                    char error[160];
                    snprintf(error, sizeof error, "STAT said %ld %ld, a listing has %ld messages, %ld octets",
                             c->stat_count, c->stat_octets, c->listed, c->listed_octets);
                    end_session(c, error);
                } else if (mode == RETR && c->listed < messages) {
                    end_session(c, "LIST has fewer messages than are asked for");
                } else {
                    reply_ended(c);
                }
                return (size_t)(p - from);
            }
            c->listed++;
            c->listed_octets += c->field[1];
            if (c->octets && c->field[0] >= 1 && c->field[0] <= messages)
                c->octets[c->field[0] - 1] = c->field[1];
            c->fields = 0, c->field[0] = c->field[1] = 0, c->dot_state = 1;
        } else if (octet == '.' && c->dot_state == 1) {
            c->dot_state = 2;
        } else if (octet == ' ') {
            c->fields = 1;
        } else if (octet >= '0' && octet <= '9') {
            c->dot_state = 0;
            c->field[c->fields] = c->field[c->fields] * 10 + (octet - '0');
        } else if (octet != '\r') {
            c->dot_state = 0;
        }
    }
    return (size_t)(p - from);
}

static void begin_body(struct connection *c, bool listing)
{
    c->in_listing = listing, c->in_body = !listing;
    c->dot_state = 1;
    c->body_octets = c->stuffed = 0;
    c->fields = 0, c->field[0] = c->field[1] = 0;
    c->listed = c->listed_octets = 0;
}

static void read_line(struct connection *c)
{
    enum step step = step_at(c->answered);
    if (mode == LMTP) {
        const char *code = step == GREETING ? "220" : step == DATA ? "354" : "250";
        if (strncmp(c->line, code, 3) != 0) {
            end_session(c, c->line);
            return;
        }
        if (step == LHLO && strncmp(c->line + 4, "PIPELINING", 10) == 0)
            c->pipelines = true;
        if (c->line[3] != '-')
            reply_ended(c);
        return;
    }
    if (strncmp(c->line, "+OK", 3) != 0) {
        end_session(c, c->line);
        return;
    }
    switch (step) {
    case LIST:
    case UIDL: begin_body(c, true); return;
    case GET: begin_body(c, false); return;
    case STAT:
        if (sscanf(c->line, "+OK %ld %ld", &c->stat_count, &c->stat_octets) != 2) {
            end_session(c, c->line);
            return;
        }
        if (mode == SESSIONS && c->stat_count != messages) {
            end_session(c, "STAT has not as many messages as there are");
            return;
        }
        break;
    default: break;
    }
    reply_ended(c);
}

static void take(struct connection *c, const unsigned char *p, size_t n)
{
    const unsigned char *end = p + n;
    int fd = c->fd;
    long session = sessions_begun;
    while (p < end) {
        if (c->in_body) {
            p += read_body(c, p, end);
        } else if (c->in_listing) {
            p += read_listing(c, p, end);
        } else {
            const unsigned char *lf = memchr(p, '\n', (size_t)(end - p));
            size_t part = (size_t)((lf ? lf + 1 : end) - p);
            if (c->line_octets + part >= LINE_OCTETS) {
                end_session(c, "a line that does not end");
                return;
            }
            memcpy(c->line + c->line_octets, p, part);
            c->line_octets += part;
            p += part;
            if (lf) {
                c->line[c->line_octets - (c->line_octets > 1 && c->line[c->line_octets - 2] == '\r' ? 2 : 1)] = 0;
                c->line_octets = 0;
                read_line(c);
            }
        }
        if (c->fd != fd || sessions_begun != session)
            return; /* that session is over; the same number may be the next one's already */
    }
}

static void on_readable(struct connection *c)
{
    for (;;) {
        ssize_t n;
        bool more = false;
#ifdef WITH_TLS
        if (c->ssl) {
            n = SSL_read(c->ssl, buffer, sizeof buffer);
            if (n <= 0) {
                int error = SSL_get_error(c->ssl, (int)n);
                if (error == SSL_ERROR_WANT_READ)
                    return;
                ERR_clear_error();
                end_session(c, "TLS broke off");
                return;
            }
            more = true;
        } else
#endif
        {
            n = recv(c->fd, buffer, sizeof buffer, 0);
            if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
                return;
            if (n <= 0) {
                end_session(c, n ? strerror(errno) : "the server closed the connection");
                return;
            }
        }
        long session = sessions_begun;
        take(c, buffer, (size_t)n);
        if (!more || c->fd < 0 || sessions_begun != session)
            return;
    }
}

static void on_event(struct connection *c, uint32_t events)
{
    if (c->fd < 0)
        return;
#ifdef WITH_TLS
    if (c->handshaking) {
        int done = SSL_do_handshake(c->ssl);
        if (done != 1) {
            int error = SSL_get_error(c->ssl, done);
            if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
                if (c->wants_write != (error == SSL_ERROR_WANT_WRITE))
                    watch(c, error == SSL_ERROR_WANT_WRITE);
                return;
            }
            ERR_clear_error();
            end_session(c, "the TLS handshake failed");
            return;
        }
        c->handshaking = false;
        if (c->wants_write)
            watch(c, false);
        on_readable(c);
        return;
    }
#endif
    if (events & EPOLLOUT)
        flush(c);
    if (c->fd >= 0 && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        on_readable(c);
}

/* --- the whole --- */

static void read_letter(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        die(path);
    fseek(file, 0, SEEK_END);
    long n = ftell(file);
    rewind(file);
    char *octets = malloc((size_t)n + 1);
    if (fread(octets, 1, (size_t)n, file) != (size_t)n)
        die(path);
    fclose(file);
    letter = malloc((size_t)n * 2 + 8);
    for (long i = 0; i < n; i++) {
        if (octets[i] == '.' && (i == 0 || octets[i - 1] == '\n'))
            letter[letter_octets++] = '.';
        letter[letter_octets++] = octets[i];
    }
    free(octets);
    memcpy(letter + letter_octets, ".\r\n", 3);
    letter_octets += 3;
}

static void read_arguments(int count, char **values)
{
    for (int i = 1; i + 1 < count; i += 2) {
        const char *name = values[i], *value = values[i + 1];
        if (!strcmp(name, "--mode")) {
            size_t found = 0, known = sizeof mode_names / sizeof *mode_names;
            while (found < known && strcmp(value, mode_names[found]) != 0)
                found++;
            if (found == known) {
                fprintf(stderr, "load: no mode %s\n", value);
                exit(2);
            }
            mode = (enum mode)found;
        } else if (!strcmp(name, "--host")) host = value;
        else if (!strcmp(name, "--port")) port = atoi(value);
        else if (!strcmp(name, "--connections")) connections = atoi(value);
        else if (!strcmp(name, "--accounts")) accounts = atoi(value);
        else if (!strcmp(name, "--prefix")) prefix = value;
        else if (!strcmp(name, "--password")) password = value;
        else if (!strcmp(name, "--domain")) domain = value;
        else if (!strcmp(name, "--messages")) messages = atoi(value);
        else if (!strcmp(name, "--repeat")) repeat = atoi(value);
        else if (!strcmp(name, "--sessions")) sessions_wanted = atol(value);
        else if (!strcmp(name, "--seconds")) seconds_wanted = atof(value);
        else if (!strcmp(name, "--warm-up")) warm_up = atof(value);
        else if (!strcmp(name, "--most-seconds")) most_seconds = atof(value);
        else if (!strcmp(name, "--pipelined")) pipelined = atoi(value);
        else if (!strcmp(name, "--tls")) tls = atoi(value);
        else if (!strcmp(name, "--letter")) read_letter(value);
        else {
            fprintf(stderr, "load: no option %s; see read_arguments in load.c\n", name);
            exit(2);
        }
    }
    int fewest = mode == RETR || mode == DELE; /* the others do with an empty maildrop */
    if (!port || connections < 1 || messages < fewest || accounts < connections || (mode == LMTP && !letter)) {
        fprintf(stderr, "load: it needs --port, not more --connections than --accounts, and for lmtp a --letter\n");
        exit(2);
    }
#ifdef WITH_TLS
    if (tls) {
        context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* each session pays for its handshake */
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        /* One group and one kind of signature, those that the servers choose: a list is gone through for each handshake. */
        SSL_CTX_set1_curves_list(context, "X25519");
        SSL_CTX_set1_sigalgs_list(context, "ECDSA+SHA256");
#ifndef OPENSSL_IS_BORINGSSL
        SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384"); /* of what BoringSSL offers, the servers choose it */
        SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES256-GCM-SHA384");
        SSL_CTX_set_default_read_buffer_len(context, 1 << 16);
#endif
        SSL_CTX_set_read_ahead(context, 1);
    }
#else
    if (tls) {
        fprintf(stderr, "load: made without TLS\n");
        exit(2);
    }
#endif
}

static void report(double end)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
                 + 1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
    for (char *p = first_error; *p; p++)
        if (*p == '"' || *p == '\\' || (unsigned char)*p < ' ' || (unsigned char)*p > '~')
            *p = '\'';
    printf("{\"mode\": \"%s\", \"count\": %ld, \"seconds\": %.6f, \"octets\": %ld, \"sessions\": %ld, "
           "\"errors\": %ld, \"first_error\": \"%s\", \"cpu_seconds\": %.4f, \"all_seconds\": %.6f}\n",
           mode_names[mode], counted, end - begun_at, octets_counted, sessions_ended, total_errors, first_error, cpu,
           end - started_at);
    fflush(stdout);
}

int main(int count, char **values)
{
    read_arguments(count, values);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    all = calloc((size_t)connections, sizeof *all);
    free_accounts = calloc((size_t)accounts, sizeof *free_accounts);
    for (int i = 0; i < accounts; i++)
        free_accounts[i] = i;
    free_count = accounts;
    double start = now();
    started_at = begun_at = start;
    measuring = sessions_wanted || mode == IDLE;
    int at_once = mode == IDLE && connections > 16 ? 16 : connections;
    for (int i = 0; i < connections; i++) {
        all[i].fd = -1;
        if (mode == RETR)
            all[i].octets = calloc((size_t)messages, sizeof(long));
    }
    for (int i = 0; i < at_once; i++)
        begin_session(&all[i]);
    struct epoll_event events[256];
    for (;;) {
        int n = epoll_wait(poll_fd, events, 256, 20);
        for (int i = 0; i < n; i++)
            on_event(events[i].data.ptr, events[i].events);
        double t = now();
        if (total_errors >= MOST_ERRORS || t - start > most_seconds) {
            if (!total_errors++)
                snprintf(first_error, sizeof first_error, "no end after %.0f seconds", t - start);
            break;
        }
        if (mode == IDLE) {
            if (held_count == connections)
                break;
        } else if (sessions_wanted) {
            if (mode == LMTP ? counted >= sessions_wanted : sessions_ended + total_errors >= sessions_wanted)
                break;
        } else if (!measuring) {
            if (t - start >= warm_up)
                measuring = true, begun_at = now();
        } else if (t - begun_at >= seconds_wanted) {
            break;
        }
    }
    double end = now();
    report(end);
    if (mode == IDLE && held_count == connections) {
        /* Hold them until whoever measures has done so. */
        char octet;
        while (read(0, &octet, 1) > 0)
            ;
    }
    return 0;
}
