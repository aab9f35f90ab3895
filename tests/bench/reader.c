/* Opens many streams and times what arrives on them; never the bottleneck.
 *
 *   reader PORT COUNT REQUEST-FILE [HELLO-FILE WORD]
 *
 * Each connection sends the bytes of REQUEST-FILE and is ready once its answer's head, and the greeting if there is
 * one, have come. Where there is a HELLO-FILE, its bytes are sent when the head has come, and WORD is the greeting that
 * is waited for. Until the first line on stdin, everything is dropped. A line "expect N" on stdin: count N events
 * and answer with one line of JSON. An event is known by `"t":` and the CLOCK_MONOTONIC nanoseconds of its making;
 * per connection these never go back, or the run is void.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TAIL 40
#define ROOM (1 << 18)

struct stream {
    int fd;
    int greeted;
    int said_hello;
    int tail_size;
    uint64_t last;
    char tail[TAIL];
};

static struct stream *streams;
static char buffer[TAIL + ROOM + 1];
static int polled, count, closed_early;
static uint64_t expected, arrived, first_made, last_arrival, disorder;
static uint32_t *latencies;
static char hello[1 << 12];
static size_t hello_size;
static const char *greeting;

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *why) {
    perror(why);
    exit(1);
}

static void scan(struct stream *s, char *from, size_t size, uint64_t at) {
    char *end = from + size, *seen = from;
    for (;;) {
        char *mark = memmem(seen, (size_t)(end - seen), "\"t\":", 4);
        if (!mark) break;
        char *digit = mark + 4;
        uint64_t made = 0;
        while (digit < end && *digit >= '0' && *digit <= '9') made = made * 10 + (uint64_t)(*digit++ - '0');
        if (digit == end) { /* the number may go on in the next read */
            seen = mark;
            break;
        }
        seen = digit;
        if (made < s->last) disorder++;
        if (!first_made || made < first_made) first_made = made;
        s->last = made;
        if (arrived < expected) latencies[arrived] = (uint32_t)((at - made) / 1000);
        arrived++;
    }
    size_t rest = (size_t)(end - seen);
    if (rest > TAIL) rest = TAIL;
    memcpy(s->tail, end - rest, rest);
    s->tail_size = (int)rest;
}

static void greet(struct stream *s, size_t got) {
    if (!hello_size || memmem(buffer, got, greeting, strlen(greeting))) {
        s->greeted = 1;
    } else if (!s->said_hello) {
        s->said_hello = 1;
        if (send(s->fd, hello, hello_size, 0) != (ssize_t)hello_size) die("send");
    }
}

static void take(struct stream *s) {
    memcpy(buffer, s->tail, (size_t)s->tail_size);
    ssize_t got = recv(s->fd, buffer + s->tail_size, ROOM, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        closed_early++;
        s->greeted = 1;
        close(s->fd);
        return;
    }
    uint64_t at = now();
    if (!s->greeted) {
        greet(s, (size_t)got);
        return;
    }
    if (!expected) return;
    last_arrival = at;
    scan(s, buffer, (size_t)got + (size_t)s->tail_size, at);
}

static void pump(int wait_ms) {
    struct epoll_event events[512];
    int ready = epoll_wait(polled, events, 512, wait_ms);
    for (int i = 0; i < ready; i++)
        take(events[i].data.ptr);
}

static void open_all(int port, const char *request, size_t size) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < count; i++) {
        struct stream *s = &streams[i];
        s->fd = socket(AF_INET, SOCK_STREAM, 0);
        if (s->fd < 0) die("socket");
        if (connect(s->fd, (struct sockaddr *)&address, sizeof address)) die("connect");
        int one = 1;
        setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (send(s->fd, request, size, 0) != (ssize_t)size) die("send");
        fcntl(s->fd, F_SETFL, O_NONBLOCK);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};
        if (epoll_ctl(polled, EPOLL_CTL_ADD, s->fd, &event)) die("epoll_ctl");
        if (i % 32 == 31)
            while (!s->greeted) pump(100);
    }
    for (int i = 0; i < count; i++)
        while (!streams[i].greeted) pump(100);
    for (int i = 0; i < 20; i++) pump(10); /* greetings that came after the head */
}

static int by_size(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void measure(uint64_t wanted) {
    expected = wanted;
    arrived = first_made = last_arrival = disorder = 0;
    latencies = malloc(wanted * sizeof *latencies);
    for (int i = 0; i < count; i++) streams[i].tail_size = 0;
    printf("{\"listening\": true}\n");
    fflush(stdout);
    uint64_t quiet_since = now();
    while (arrived < expected) {
        uint64_t before = arrived;
        pump(100);
        if (arrived != before) quiet_since = now();
        if (now() - quiet_since > 10000000000u) break;
    }
    qsort(latencies, arrived < expected ? arrived : expected, sizeof *latencies, by_size);
    uint64_t n = arrived ? arrived : 1;
#define AT(share) (arrived ? latencies[(uint64_t)((double)(n - 1) * (share))] / 1000.0 : 0.0)
    printf("{\"arrived\": %lu, \"seconds\": %.6f, \"p50\": %.3f, \"p95\": %.3f, \"p99\": %.3f, \"max\": %.3f, "
           "\"disorder\": %lu, \"closed\": %d}\n",
           arrived, (double)(last_arrival - first_made) / 1e9, AT(0.5), AT(0.95), AT(0.99), AT(1.0), disorder, closed_early);
    fflush(stdout);
    free(latencies);
    expected = 0;
}

static size_t read_file(const char *name, char *into, size_t room) {
    FILE *file = fopen(name, "r");
    if (!file) die(name);
    size_t size = fread(into, 1, room, file);
    fclose(file);
    return size;
}

int main(int argc, char **argv) {
    static char request[1 << 16];
    if (argc != 4 && argc != 6) return 2;
    count = atoi(argv[2]);
    size_t size = read_file(argv[3], request, sizeof request);
    if (argc == 6) {
        hello_size = read_file(argv[4], hello, sizeof hello);
        greeting = argv[5];
    }
    streams = calloc((size_t)count, sizeof *streams);
    polled = epoll_create1(0);
    open_all(atoi(argv[1]), request, size);
    printf("{\"ready\": %d}\n", count - closed_early);
    fflush(stdout);
    char line[128];
    while (fgets(line, sizeof line, stdin)) {
        uint64_t wanted;
        if (sscanf(line, "expect %lu", &wanted) == 1) measure(wanted);
    }
    return 0;
}
