/* Sends the requests of a paced load test without checking or logging: what the same load costs at least.
 *
 *   paced_floor PORT CLIENTS RATE SECONDS WARM_UP_SECONDS SPIN_US PICTURE PATH
 *
 * Each client has a kept connection to 127.0.0.1, a random phase (seeded) and RATE requests/s. The
 * timer ends SPIN_US early, and a busy poll covers the rest, as in edgeload/run/poller.py. Answers are
 * read and forgotten. The last line of the output has, for the requests due after the warm-up:
 * requests, answers, CPU us, lag us at p50, p99 and p99.9, and the us in the queue before a core.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int epoll;
static long answers;

static void die(const char *what) { perror(what); exit(1); }

static int64_t ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int64_t waited_ns(void) { /* second number of /proc/self/schedstat; 0 if nobody says so */
    long long ran = 0, waited = 0;
    FILE *account = fopen("/proc/self/schedstat", "r");
    if (account && fscanf(account, "%lld %lld", &ran, &waited) != 2) waited = 0;
    if (account) fclose(account);
    return waited;
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int connected(int port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct linger at_once = {1, 0}; /* no TIME_WAIT: ten thousand ports are free again */
    int one = 1, room = 1 << 18, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) die("socket");
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room); /* a request never waits for room */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&to, sizeof to)) die("connect");
    struct epoll_event readable = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &readable)) die("epoll_ctl");
    return fd;
}

static void read_answers(void) {
    static char buffer[1 << 16];
    struct epoll_event events[256];
    int count = epoll_wait(epoll, events, 256, 0);
    for (int i = 0; i < count; i++) {
        ssize_t length = recv(events[i].data.fd, buffer, sizeof buffer, MSG_DONTWAIT);
        if (length == 0) { fprintf(stderr, "the server closed a connection\n"); exit(1); }
        answers += length > 12 && !memcmp(buffer, "HTTP/1.1 200", 12);
    }
}

int main(int argc, char **argv) {
    if (argc != 9) { fprintf(stderr, "see the comment in %s.c\n", argv[0]); return 2; }
    int port = atoi(argv[1]), clients = atoi(argv[2]);
    double rate = atof(argv[3]), seconds = atof(argv[4]), warm_up = atof(argv[5]);
    int64_t spin = atoll(argv[6]) * 1000, period = (int64_t)(1e9 / rate);
    long total = (long)(seconds * rate) * clients, first = (long)(warm_up * rate) * clients;
    FILE *file = fopen(argv[7], "rb");
    static char picture[1 << 24];
    size_t size = file ? fread(picture, 1, sizeof picture, file) : 0;
    if (size == 0 || total <= first) { fprintf(stderr, "no picture, or no time\n"); return 1; }

    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    prctl(PR_SET_TIMERSLACK, 1);
    epoll = epoll_create1(0);
    int *sockets = calloc(clients, sizeof *sockets);
    int64_t *phases = calloc(clients, sizeof *phases), *lag = calloc(total, sizeof *lag);
    srand48(1);
    for (int i = 0; i < clients; i++) {
        sockets[i] = connected(port);
        phases[i] = (int64_t)(drand48() * period);
    }
    qsort(phases, clients, sizeof *phases, ascending); /* so requests fall due in turn */
    char head[1024];
    int length = snprintf(head, sizeof head,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: image/jpeg\r\nAccept: application/json\r\n"
        "x-api-token: t\r\nX-Request-Id: req_uu0123456789abcdef0123456789abcdef\r\n"
        "Content-Length: %zu\r\n\r\n", argv[8], port, size);

    int64_t start = ns(CLOCK_MONOTONIC) + 100000000, cpu = 0, waited = 0;
    long answers_before = 0;
    for (long k = 0; k < total; k++) {
        int64_t due = start + phases[k % clients] + k / clients * period, now;
        if (k == first) {
            cpu = ns(CLOCK_PROCESS_CPUTIME_ID);
            waited = waited_ns();
            answers_before = answers;
        }
        while ((now = ns(CLOCK_MONOTONIC)) < due) {
            int64_t left = due - now - spin;
            if (left > 0) {
                struct timespec wait = {left / 1000000000, left % 1000000000};
                ppoll(&(struct pollfd){epoll, POLLIN, 0}, 1, &wait, NULL);
            }
            read_answers();
        }
        lag[k] = now - due;
        struct iovec parts[2] = {{head, length}, {picture, size}};
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        if (sendmsg(sockets[k % clients], &message, MSG_NOSIGNAL) != (ssize_t)(length + size)) die("sendmsg");
        if (k % 64 == 63) read_answers(); /* one that is always late must read, too */
    }
    cpu = ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    waited = waited_ns() - waited;
    for (int i = 0; i < 100; i++) { usleep(1000); read_answers(); }
    long count = total - first;
    qsort(lag + first, count, sizeof *lag, ascending);
    printf("%ld %ld %.1f", count, answers - answers_before, cpu / 1e3);
    for (int i = 0; i < 3; i++) {
        double share[] = {0.5, 0.99, 0.999};
        long rank = (long)(share[i] * count + 0.999999) - 1; /* nearest rank */
        printf(" %.3f", lag[first + (rank < 0 ? 0 : rank)] / 1e3);
    }
    printf(" %.1f\n", waited / 1e3);
    return 0;
}
