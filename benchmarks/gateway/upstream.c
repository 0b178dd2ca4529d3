/* A model API that costs next to nothing, for measuring what stands before it.

   upstream PORT MICROSECONDS CHUNKS

   A POST whose body asks for a stream gets CHUNKS events, one every MICROSECONDS (0: as fast as they are taken). The
   text of each is `t=` and the monotonic clock in nanoseconds, so whoever reads it knows how old it is. Every other
   POST gets one and the same chat completion. One thread, one epoll.
*/
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ROOM = 1 << 20, CONNECTIONS = 8192, EVENTS = 256 };

struct connection {
    int fd;
    char *read;
    size_t have;
    char *unsent;
    size_t unsent_length;
    int streaming;
    long sent;
    int64_t due;
};

static int epoll;
static long chunks;
static int64_t interval;
static struct connection *streams[CONNECTIONS];
static int streaming;

static const char *COMPLETION =
    "{\"id\":\"chatcmpl-measured\",\"object\":\"chat.completion\",\"created\":1790000000,\"model\":\"measured-1\","
    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"A lighthouse keeper notes the wind, "
    "the height of the water and every ship that passes, four times a day and twice a night. On clear evenings the "
    "list is long; in fog it says only that the horn was sounded and answered.\",\"refusal\":null},\"logprobs\":null,"
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":41,\"completion_tokens\":52,\"total_tokens\":93,"
    "\"prompt_tokens_details\":{\"cached_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":0}},"
    "\"system_fingerprint\":\"fp_measured\"}";
static char whole[4096];
static size_t whole_length;

static int64_t clock_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void watch(struct connection *c, int output) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | (output ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event);
}

static void forget_stream(struct connection *c) {
    for (int i = 0; i < streaming; i++)
        if (streams[i] == c) {
            streams[i] = streams[--streaming];
            break;
        }
    c->streaming = 0;
}

static void drop(struct connection *c) {
    if (c->streaming) forget_stream(c);
    close(c->fd);
    free(c->read);
    free(c->unsent);
    free(c);
}

/* 0 where the connection is lost. What the socket does not take is kept until it does. */
static int give(struct connection *c, const char *data, size_t length) {
    if (!c->unsent_length) {
        ssize_t n = send(c->fd, data, length, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) return 0;
        if (n < 0) n = 0;
        data += n;
        length -= n;
        if (length) watch(c, 1);
    }
    if (length) {
        c->unsent = realloc(c->unsent, c->unsent_length + length);
        memcpy(c->unsent + c->unsent_length, data, length);
        c->unsent_length += length;
    }
    return 1;
}

static int give_rest(struct connection *c) {
    ssize_t n = send(c->fd, c->unsent, c->unsent_length, MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN;
    memmove(c->unsent, c->unsent + n, c->unsent_length - n);
    c->unsent_length -= n;
    if (!c->unsent_length) watch(c, 0);
    return 1;
}

static size_t framed(char *to, const char *event, size_t length) {
    return sprintf(to, "%zx\r\n%.*s\r\n", length, (int)length, event);
}

#define HEAD "data: {\"id\":\"chatcmpl-measured\",\"object\":\"chat.completion.chunk\",\"created\":1790000000," \
             "\"model\":\"measured-1\",\"system_fingerprint\":\"fp_measured\",\"choices\":["

/* The next event of a stream, or its end. */
static int go_on(struct connection *c) {
    char event[1024], out[4096];
    size_t n, length;
    if (c->sent < chunks) {
        n = sprintf(event, HEAD "{\"index\":0,\"delta\":{%s\"content\":\"t=%lld \"},\"logprobs\":null,"
                    "\"finish_reason\":null}]}\n\n", c->sent ? "" : "\"role\":\"assistant\",", (long long)clock_ns());
        length = framed(out, event, n);
        c->sent++;
        c->due += interval;
        return give(c, out, length);
    }
    n = sprintf(event, HEAD "{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n");
    length = framed(out, event, n);
    n = sprintf(event, HEAD "],\"usage\":{\"prompt_tokens\":41,\"completion_tokens\":%ld,\"total_tokens\":%ld}}\n\n",
                chunks, chunks + 41);
    length += framed(out + length, event, n);
    length += framed(out + length, "data: [DONE]\n\n", 14);
    length += sprintf(out + length, "0\r\n\r\n");
    forget_stream(c);
    return give(c, out, length);
}

/* Answer every whole request that has been read. */
static int answer(struct connection *c) {
    while (c->have && !c->streaming) {
        c->read[c->have] = 0;
        char *end = strstr(c->read, "\r\n\r\n");
        if (!end) return 1;
        size_t need = end + 4 - c->read;
        *end = 0;
        char *stated = strcasestr(c->read, "\ncontent-length:"), *chunked = strcasestr(c->read, "\ntransfer-encoding:");
        *end = '\r';
        if (stated) need += atol(stated + 16);
        if (chunked && !stated) {
            char *last = strstr(end, "\r\n0\r\n\r\n");
            if (!last) return 1;
            need = last + 7 - c->read;
        }
        if (c->have < need) return 1;
        char kept = c->read[need];
        c->read[need] = 0;
        int stream = strstr(end, "\"stream\":true") || strstr(end, "\"stream\": true");
        c->read[need] = kept;
        memmove(c->read, c->read + need, c->have -= need);
        if (!stream) {
            if (!give(c, whole, whole_length)) return 0;
            continue;
        }
        const char *head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        c->streaming = 1;
        c->sent = 0;
        c->due = clock_ns();
        streams[streaming++] = c;
        if (!give(c, head, strlen(head))) return 0;
    }
    return 1;
}

static int take(struct connection *c) {
    for (;;) {
        ssize_t n = recv(c->fd, c->read + c->have, ROOM - c->have, 0);
        if (n == 0) return 0;
        if (n < 0) return errno == EAGAIN;
        c->have += n;
        if (!answer(c)) return 0;
        if (n < 65536) return 1;
    }
}

static int listening(int port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 4096)) {
        perror("upstream");
        exit(1);
    }
    return fd;
}

static void welcome(int listener) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct connection *c = calloc(1, sizeof *c);
        struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = c};
        c->fd = fd;
        c->read = malloc(ROOM + 1);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

/* Milliseconds until a stream is due; -1 where none is under way. */
static int wait_for(void) {
    int64_t first = INT64_MAX, moment = clock_ns();
    for (int i = 0; i < streaming; i++)
        if (!streams[i]->unsent_length && streams[i]->due < first) first = streams[i]->due;
    if (first == INT64_MAX) return -1;
    return first <= moment ? 0 : (int)((first - moment + 999999) / 1000000);
}

int main(int count, char **given) {
    if (count < 4) return 2;
    signal(SIGPIPE, SIG_IGN);
    interval = atoll(given[2]) * 1000;
    chunks = atol(given[3]);
    whole_length = sprintf(whole, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
                           strlen(COMPLETION), COMPLETION);
    int listener = listening(atoi(given[1]));
    epoll = epoll_create1(0);
    struct epoll_event events[EVENTS], first = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &first);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, wait_for());
        for (int i = 0; i < n; i++) {
            struct connection *c = events[i].data.ptr;
            int good = 1;
            if (!c) {
                welcome(listener);
                continue;
            }
            if (events[i].events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) good = 0;
            if (good && events[i].events & EPOLLOUT) good = give_rest(c);
            if (good && events[i].events & EPOLLIN) good = take(c);
            if (!good) drop(c);
        }
        int64_t moment = clock_ns();
        for (int i = streaming - 1; i >= 0; i--) {
            struct connection *c = streams[i];
            if (c->unsent_length || c->due > moment) continue;
            if (!go_on(c)) drop(c);
        }
    }
}
