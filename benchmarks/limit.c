/* limit: what a server would do that did nothing but open, sendfile and close.
 *
 * It is no POP3 server: it believes everybody, keeps no lock and no log, looks at nothing twice. It serves the files
 * of one folder to all, in the order of their names, and is here for two figures: how fast a machine's kernel gives
 * away messages of this size, and how much the load generator can take.
 *
 *   limit FOLDER        prints the port, serves until it is killed
 *
 * The lines of its files end in CRLF. It does not byte-stuff: LIST tells the octets that a client will count.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INPUT_OCTETS = 16384 };

struct message {
    char *path;
    off_t octets;
};

struct connection {
    int fd;
    size_t held;
    char input[INPUT_OCTETS];
};

static struct message *messages;
static int message_count;
static char *scan_listing, *id_listing, drop_listing[64];

static void die(const char *what)
{
    fprintf(stderr, "limit: %s: %s\n", what, strerror(errno));
    exit(2);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct message *)a)->path, ((const struct message *)b)->path);
}

static long counted_octets(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        die(path);
    long octets = 0;
    int before = '\n', octet;
    while ((octet = getc(file)) != EOF) {
        octets += !(octet == '.' && before == '\n');
        before = octet;
    }
    fclose(file);
    return octets;
}

static void read_folder(const char *folder)
{
    DIR *open_folder = opendir(folder);
    if (!open_folder)
        die(folder);
    struct dirent *entry;
    while ((entry = readdir(open_folder))) {
        if (entry->d_name[0] == '.')
            continue;
        messages = realloc(messages, (size_t)(message_count + 1) * sizeof *messages);
        struct message *m = &messages[message_count++];
        struct stat status;
        if (asprintf(&m->path, "%s/%s", folder, entry->d_name) < 0 || stat(m->path, &status) < 0)
            die(entry->d_name);
        m->octets = status.st_size;
    }
    closedir(open_folder);
    qsort(messages, (size_t)message_count, sizeof *messages, by_name);
    size_t room;
    FILE *scan = open_memstream(&scan_listing, &room), *ids = open_memstream(&id_listing, &room);
    fprintf(scan, "+OK\r\n");
    fprintf(ids, "+OK\r\n");
    long all = 0;
    for (int i = 0; i < message_count; i++) {
        long octets = counted_octets(messages[i].path);
        all += octets;
        fprintf(scan, "%d %ld\r\n", i + 1, octets);
        fprintf(ids, "%d %s\r\n", i + 1, strrchr(messages[i].path, '/') + 1);
    }
    fprintf(scan, ".\r\n");
    fprintf(ids, ".\r\n");
    fclose(scan);
    fclose(ids);
    snprintf(drop_listing, sizeof drop_listing, "+OK %d %ld\r\n", message_count, all);
}

static int wait_for_room(int fd)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    return errno == EAGAIN && poll(&room, 1, 10000) > 0;
}

static int give(int fd, const char *octets, size_t n, int flags)
{
    while (n) {
        ssize_t sent = send(fd, octets, n, MSG_NOSIGNAL | flags);
        if (sent < 0 && !wait_for_room(fd))
            return -1;
        if (sent > 0)
            octets += sent, n -= (size_t)sent;
    }
    return 0;
}

static int retrieve(int fd, int number)
{
    if (number < 1 || number > message_count)
        return give(fd, "-ERR\r\n", 6, 0);
    struct message *m = &messages[number - 1];
    int file = open(m->path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || give(fd, "+OK\r\n", 5, MSG_MORE) < 0)
        return -1;
    off_t at = 0;
    while (at < m->octets)
        if (sendfile(fd, file, &at, (size_t)(m->octets - at)) < 0 && !wait_for_room(fd))
            break;
    close(file);
    return at < m->octets ? -1 : give(fd, ".\r\n", 3, 0);
}

/* 0 to go on, -1 when the connection is over. */
static int answer(int fd, const char *line)
{
    switch (line[0]) {
    case 'R': return retrieve(fd, atoi(line + 5));
    case 'L': return give(fd, scan_listing, strlen(scan_listing), 0);
    case 'S': return give(fd, drop_listing, strlen(drop_listing), 0);
    case 'Q': give(fd, "+OK\r\n", 5, 0); return -1;
    case 'U': if (line[1] == 'I') return give(fd, id_listing, strlen(id_listing), 0); /* else USER */
    /* fall through */
    default: return give(fd, "+OK\r\n", 5, 0);
    }
}

static int work_off(struct connection *c)
{
    ssize_t n = recv(c->fd, c->input + c->held, INPUT_OCTETS - c->held, 0);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n <= 0)
        return -1;
    c->held += (size_t)n;
    char *from = c->input, *lf;
    while ((lf = memchr(from, '\n', c->held - (size_t)(from - c->input)))) {
        if (answer(c->fd, from) < 0)
            return -1;
        from = lf + 1;
    }
    c->held -= (size_t)(from - c->input);
    memmove(c->input, from, c->held);
    return c->held == INPUT_OCTETS ? -1 : 0;
}

int main(int count, char **values)
{
    if (count != 2) {
        fprintf(stderr, "limit: give it the folder with the messages\n");
        return 2;
    }
    read_folder(values[1]);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 1024) < 0
        || getsockname(listener, (struct sockaddr *)&address, &size) < 0)
        die("listen");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    int poll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[64];
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int n = epoll_wait(poll_fd, events, 64, -1);
        for (int i = 0; i < n; i++) {
            struct connection *c = events[i].data.ptr;
            if (c && work_off(c) < 0) {
                close(c->fd);
                free(c);
            }
            int fd;
            while (!c && (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                struct connection *new = malloc(sizeof *new);
                new->fd = fd, new->held = 0;
                event.data.ptr = new;
                epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
                give(fd, "+OK\r\n", 5, 0);
            }
        }
    }
}
