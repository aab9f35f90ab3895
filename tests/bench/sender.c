/* Posts requests that were made beforehand, and times their answers and what comes of them on a WebSocket.
 *
 *   sender PORT CONNECTIONS REQUESTS FIRST PER_SECOND TOLD [UPGRADE]
 *
 * REQUESTS holds requests, each after its size in four bytes, little-endian; they are numbered from FIRST on. All are
 * posted on keep-alive connections with one request each at a time, PER_SECOND 0: as fast as they are answered. Then it
 * waits until TOLD of them have come on the WebSocket that the bytes in UPGRADE open, where each is known by
 * `"delivery_id":"bench-` and its number. Prints one line of JSON. At a given rate, times count from when a request was
 * due, not from when there was room to send it. It is over before a WebSocket has to answer a ping.
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
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MARK "\"delivery_id\":\"bench-"
#define ROOM 4096
#define TAIL 64
#define QUIET 5000000000u /* nanoseconds without anything new after which the rest is given up */

struct connection {
    int fd;
    int busy;
    size_t size;
    uint64_t number;
    char answer[ROOM + 1];
};

static struct connection *connections;
static struct connection **idle;
static int port, idle_count, count, polled, timer, upgraded = -1;
static const char **requests;
static uint32_t *sizes;
static uint64_t first, *due, *answered, *told;
static uint64_t wanted, sent, done, taken, heard, repeated;
static char heard_bytes[TAIL + (1 << 18) + 1];
static size_t tail_size;

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void die(const char *why) {
    perror(why);
    exit(1);
}

static void load(const char *path) {
    int fd = open(path, O_RDONLY);
    struct stat about;
    if (fd < 0 || fstat(fd, &about)) die(path);
    const char *at = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (at == MAP_FAILED) die("mmap");
    const char *end = at + about.st_size;
    for (uint64_t room = 0; at < end; wanted++) {
        if (wanted == room) {
            room = room ? room * 2 : 4096;
            requests = realloc(requests, room * sizeof *requests);
            sizes = realloc(sizes, room * sizeof *sizes);
        }
        memcpy(&sizes[wanted], at, 4);
        requests[wanted] = at + 4;
        at += 4 + sizes[wanted];
    }
}

static int opened(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static void watch(int fd, void *what) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    if (epoll_ctl(polled, EPOLL_CTL_ADD, fd, &event)) die("epoll_ctl");
}

static void upgrade(const char *path) {
    static char request[1 << 14];
    FILE *file = fopen(path, "r");
    if (!file) die(path);
    size_t size = fread(request, 1, sizeof request, file);
    fclose(file);
    upgraded = opened();
    if (send(upgraded, request, size, 0) != (ssize_t)size) die("upgrade");
    ssize_t got = recv(upgraded, heard_bytes, 1 << 16, 0);
    if (got < 12 || memcmp(heard_bytes, "HTTP/1.1 101", 12)) die("the WebSocket was refused");
    usleep(300000); /* the greeting, which may follow the head at a distance */
    watch(upgraded, &upgraded);
}

static void hear(void) {
    ssize_t got = recv(upgraded, heard_bytes + tail_size, 1 << 18, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) die("the WebSocket was closed");
    uint64_t at = now();
    char *from = heard_bytes, *end = heard_bytes + tail_size + got;
    for (char *mark; (mark = memmem(from, (size_t)(end - from), MARK, sizeof MARK - 1));) {
        char *digit = mark + sizeof MARK - 1;
        uint64_t number = 0;
        while (digit < end && *digit >= '0' && *digit <= '9') number = number * 10 + (uint64_t)(*digit++ - '0');
        if (digit == end) {
            from = mark;
            break;
        }
        from = digit;
        if (number < first || number >= first + wanted) continue;
        if (told[number - first]) repeated++;
        else heard++;
        told[number - first] = at;
    }
    tail_size = (size_t)(end - from);
    if (tail_size > TAIL) tail_size = TAIL;
    memmove(heard_bytes, end - tail_size, tail_size);
}

static void receive(struct connection *c) {
    ssize_t got = recv(c->fd, c->answer + c->size, ROOM - c->size, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0 || !c->busy) die("a connection was closed");
    c->size += (size_t)got;
    c->answer[c->size] = 0;
    char *body = strstr(c->answer, "\r\n\r\n");
    char *length = strcasestr(c->answer, "\r\ncontent-length:");
    if (!body) return;
    size_t whole = (size_t)(body - c->answer) + 4 + (length ? (size_t)atol(length + 17) : 0);
    if (c->size < whole) return;
    if (c->answer[9] == '2') taken++;
    else if (done == taken) fprintf(stderr, "sender: %.*s\n", (int)c->size, c->answer);
    answered[c->number] = now();
    done++;
    c->busy = 0;
    idle[idle_count++] = c;
}

static void post(uint64_t number, uint64_t when) {
    struct connection *c = idle[--idle_count];
    const char *request = requests[number];
    size_t size = sizes[number];
    c->busy = 1;
    c->size = 0;
    c->number = number;
    due[number] = when ? when : now();
    if (send(c->fd, request, size, MSG_NOSIGNAL) != (ssize_t)size) die("send");
}

static void pump(uint64_t until) {
    struct epoll_event events[64];
    if (until) {
        struct itimerspec at = {.it_value = {(time_t)(until / 1000000000u), (long)(until % 1000000000u)}};
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL);
    }
    int ready = epoll_wait(polled, events, 64, 200);
    for (int i = 0; i < ready; i++) {
        void *what = events[i].data.ptr;
        uint64_t expirations;
        if (what == &upgraded) hear();
        else if (what == &timer) (void)!read(timer, &expirations, sizeof expirations);
        else receive(what);
    }
}

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Prints the percentiles, in ms, of the times from when each was due. */
static void show(const char *name, const uint64_t *at, uint64_t from, uint64_t to) {
    uint64_t *taking = malloc((to - from + 1) * sizeof *taking), n = 0;
    for (uint64_t i = from; i < to; i++)
        if (at[i]) taking[n++] = at[i] > due[i] ? at[i] - due[i] : 0;
    qsort(taking, n, sizeof *taking, by_size);
#define AT(share) (n ? (double)taking[(uint64_t)((double)(n - 1) * (share))] / 1e6 : 0.0)
    printf(", \"%s\": {\"p50\": %.3f, \"p95\": %.3f, \"p99\": %.3f, \"max\": %.3f}", name, AT(0.5), AT(0.95), AT(0.99), AT(1.0));
    free(taking);
}

static void run(double per_second, uint64_t expected) {
    due = calloc(wanted, sizeof *due);
    answered = calloc(wanted, sizeof *answered);
    told = calloc(wanted, sizeof *told);
    uint64_t began = now(), moved = began, before = 0;
    while (done < wanted || heard < expected) {
        uint64_t next = 0;
        while (sent < wanted && idle_count) {
            next = per_second > 0 ? began + (uint64_t)((double)sent / per_second * 1e9) : 0;
            if (next > now()) break;
            post(sent++, next);
            next = 0;
        }
        pump(next);
        if (done + heard != before) moved = now();
        before = done + heard;
        if (now() - moved > QUIET && sent == wanted) break;
    }
    uint64_t last = began, last_told = began;
    for (uint64_t i = 0; i < wanted; i++) {
        if (answered[i] > last) last = answered[i];
        if (told[i] > last_told) last_told = told[i];
    }
    printf("{\"sent\": %lu, \"answered\": %lu, \"taken\": %lu, \"told\": %lu, \"repeated\": %lu, \"seconds\": %.6f, "
           "\"told_seconds\": %.6f",
           sent, done, taken, heard, repeated, (double)(last - began) / 1e9, (double)(last_told - began) / 1e9);
    show("answer_ms", answered, 0, wanted);
    show("told_ms", told, 0, wanted);
    show("told_late_ms", told, wanted - wanted / 5, wanted); /* the last fifth: is it falling behind? */
    printf("}\n");
}

int main(int argc, char **argv) {
    if (argc < 7) return 2;
    port = atoi(argv[1]);
    count = atoi(argv[2]);
    load(argv[3]);
    first = strtoull(argv[4], NULL, 10);
    polled = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    watch(timer, &timer);
    connections = calloc((size_t)count, sizeof *connections);
    idle = calloc((size_t)count, sizeof *idle);
    for (int i = 0; i < count; i++) {
        connections[i].fd = opened();
        watch(connections[i].fd, &connections[i]);
        idle[idle_count++] = &connections[i];
    }
    if (argc > 7) upgrade(argv[7]);
    run(atof(argv[5]), strtoull(argv[6], NULL, 10));
    return 0;
}
