/* Answers image queries after a random delay, and writes down when: a reference for service times.
 *
 *   reference_server ANSWER ME LOG SEED
 *
 * ANSWER and ME are files: the body of an answer to a POST, and to any GET. The delay of a POST is
 * 1 ms + 19 ms * u^3 with u uniform in [0, 1): seeded, half of them below 3.4 ms, 1 % above 19.4 ms.
 * It prints its port on 127.0.0.1. At SIGTERM it writes a line for each answer to LOG, the instants in
 * ns on CLOCK_MONOTONIC: the request's id; when its last byte came, by the kernel (SO_TIMESTAMPING,
 * which does not wait for this program to wake up; 0: no stamp); when it was read; when the answer was
 * handed to the kernel.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/net_tstamp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MOST 65536
#define LOGGED 4000000

typedef struct { char id[40]; int64_t stamped, read, answered; } Line;
typedef struct { int64_t due; int fd; unsigned serial; } Timer;
typedef struct { char head[4096]; int length; long left; unsigned serial; Line line; } Connection;

static Connection *connections[MOST];
static Timer timers[MOST]; /* a heap, the earliest first: one request in flight on a connection */
static int waiting, epoll;
static Line *lines;
static long logged;
static char answer[1 << 16], me[1 << 16];
static int answer_length, me_length;
static volatile sig_atomic_t over;

static void end(int number) { (void)number; over = 1; }
static void die(const char *what) { perror(what); exit(1); }

static int64_t ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int response(const char *path, char *to) {
    static char body[1 << 15];
    FILE *file = fopen(path, "rb");
    if (!file) die(path);
    size_t length = fread(body, 1, sizeof body, file);
    fclose(file);
    return snprintf(to, 1 << 16, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    "Content-Length: %zu\r\n\r\n%.*s", length, (int)length, body);
}

static void put(Timer timer) {
    int at = waiting++;
    for (; at > 0 && timers[(at - 1) / 2].due > timer.due; at = (at - 1) / 2) timers[at] = timers[(at - 1) / 2];
    timers[at] = timer;
}

static Timer take(void) {
    Timer first = timers[0], last = timers[--waiting];
    int at = 0;
    for (int next; (next = 2 * at + 1) < waiting; at = next) {
        if (next + 1 < waiting && timers[next + 1].due < timers[next].due) next++;
        if (timers[next].due >= last.due) break;
        timers[at] = timers[next];
    }
    timers[at] = last;
    return first;
}

static void answer_due(void) {
    while (waiting && timers[0].due <= ns(CLOCK_MONOTONIC)) {
        Timer timer = take();
        Connection *c = connections[timer.fd];
        if (!c || c->serial != timer.serial) continue; /* closed meanwhile */
        c->line.answered = ns(CLOCK_MONOTONIC);
        if (send(timer.fd, answer, answer_length, MSG_NOSIGNAL) != answer_length) continue;
        if (logged < LOGGED) lines[logged++] = c->line;
    }
}

static void received(int fd, Connection *c, int64_t stamped) { /* the last byte of a request */
    if (!strncmp(c->head, "GET", 3)) {
        if (send(fd, me, me_length, MSG_NOSIGNAL) != me_length) perror("send");
    } else {
        char *id = strcasestr(c->head, "\r\nx-request-id: ");
        c->line = (Line){.stamped = stamped, .read = ns(CLOCK_MONOTONIC)};
        if (id) sscanf(id + 16, "%39[^\r]", c->line.id);
        double u = drand48();
        put((Timer){c->line.read + 1000000 + (int64_t)(19e6 * u * u * u), fd, c->serial});
    }
    c->length = 0;
}

static int64_t stamp_of(struct msghdr *message) { /* on CLOCK_MONOTONIC; 0: the kernel gives none */
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPING) continue;
        struct timespec t;
        memcpy(&t, CMSG_DATA(c), sizeof t);
        int64_t wall = t.tv_sec * 1000000000LL + t.tv_nsec;
        return wall ? wall - ns(CLOCK_REALTIME) + ns(CLOCK_MONOTONIC) : 0;
    }
    return 0;
}

static void read_from(int fd) {
    static char buffer[1 << 16];
    char control[256];
    struct iovec part = {buffer, sizeof buffer};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                             .msg_controllen = sizeof control};
    Connection *c = connections[fd];
    long length = recvmsg(fd, &message, MSG_DONTWAIT);
    if (length <= 0) {
        close(fd);
        c->serial++;
        c->length = 0;
        return;
    }
    if (c->length < 0) { /* inside a body */
        c->left -= length;
    } else {
        long room = sizeof c->head - 1 - c->length, kept = length < room ? length : room;
        memcpy(c->head + c->length, buffer, kept);
        c->head[c->length + kept] = 0;
        char *blank = strstr(c->head, "\r\n\r\n");
        if (!blank) { c->length += kept; return; }
        char *size = strcasestr(c->head, "\r\ncontent-length: ");
        long body = size && size < blank ? atol(size + 18) : 0;
        c->left = blank + 4 - (c->head + c->length) + body - length;
        c->length = -1;
    }
    if (c->left <= 0) received(fd, c, stamp_of(&message));
}

static void accept_from(int listener) {
    int one = 1, flags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
    int fd = accept(listener, NULL, NULL);
    if (fd < 0 || fd >= MOST) die("accept");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
    if (!connections[fd]) connections[fd] = calloc(1, sizeof(Connection));
    struct epoll_event readable = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &readable)) die("epoll_ctl");
}

int main(int argc, char **argv) {
    if (argc != 5) { fprintf(stderr, "see the comment in %s.c\n", argv[0]); return 2; }
    answer_length = response(argv[1], answer);
    me_length = response(argv[2], me);
    srand48(atol(argv[4]));
    lines = malloc(LOGGED * sizeof *lines);
    signal(SIGTERM, end);
    prctl(PR_SET_TIMERSLACK, 1);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&at, size) || listen(listener, 16384)) die("listen");
    getsockname(listener, (struct sockaddr *)&at, &size);
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    epoll = epoll_create1(0);
    struct epoll_event events[256], readable = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &readable);
    while (!over) {
        int64_t left = waiting ? timers[0].due - ns(CLOCK_MONOTONIC) : 100000000;
        if (left > 0) {
            struct timespec wait = {left / 1000000000, left % 1000000000};
            ppoll(&(struct pollfd){epoll, POLLIN, 0}, 1, &wait, NULL);
        }
        int count = epoll_wait(epoll, events, 256, 0);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener) accept_from(listener);
            else read_from(events[i].data.fd);
        }
        answer_due();
    }
    FILE *log = fopen(argv[3], "w");
    if (!log) die(argv[3]);
    for (long i = 0; i < logged; i++)
        fprintf(log, "%s %lld %lld %lld\n", lines[i].id, (long long)lines[i].stamped,
                (long long)lines[i].read, (long long)lines[i].answered);
    return fclose(log);
}
