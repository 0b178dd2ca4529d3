/* Fake model API with minimal cost, for measuring gateways in front of it.

   upstream PORT MICROSECONDS CHUNKS

   A POST request for a stream gets CHUNKS events, one every MICROSECONDS (0: as fast as the client reads). The text of
   each event is `t=` and the monotonic clock in nanoseconds, from which the reader computes the delay. All other POST
   requests get the same chat completion. One thread, one epoll instance.
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

enum { BUFFER_SIZE = 1 << 20, CONNECTIONS = 8192, EVENTS = 256 };

struct connection {
    int fd;
    char *read;
    size_t received;
    char *unsent;
    size_t unsent_length;
    int streaming;
    long chunks_sent;
    int64_t due_ns;
};

static int epoll;
static long chunks;
static int64_t interval;
static struct connection *active_streams[CONNECTIONS];
static int active_stream_count;

static const char *COMPLETION =
    "{\"id\":\"chatcmpl-measured\",\"object\":\"chat.completion\",\"created\":1790000000,\"model\":\"measured-1\","
    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"A lighthouse keeper notes the wind, "
    "the height of the water and every ship that passes, four times a day and twice a night. On clear evenings the "
    "list is long; in fog it says only that the horn was sounded and answered.\",\"refusal\":null},\"logprobs\":null,"
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":41,\"completion_tokens\":52,\"total_tokens\":93,"
    "\"prompt_tokens_details\":{\"cached_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":0}},"
    "\"system_fingerprint\":\"fp_measured\"}";
static char full_response[4096];
static size_t full_response_length;

static int64_t clock_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void set_events(struct connection *c, int output) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | (output ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(epoll, EPOLL_CTL_MOD, c->fd, &event);
}

static void remove_stream(struct connection *c) {
    for (int i = 0; i < active_stream_count; i++)
        if (active_streams[i] == c) {
            active_streams[i] = active_streams[--active_stream_count];
            break;
        }
    c->streaming = 0;
}

static void close_connection(struct connection *c) {
    if (c->streaming) remove_stream(c);
    close(c->fd);
    free(c->read);
    free(c->unsent);
    free(c);
}

/* Send data and buffer what the socket does not accept. Return 0 if the connection is lost. */
static int send_or_buffer(struct connection *c, const char *data, size_t length) {
    if (!c->unsent_length) {
        ssize_t n = send(c->fd, data, length, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN) return 0;
        if (n < 0) n = 0;
        data += n;
        length -= n;
        if (length) set_events(c, 1);
    }
    if (length) {
        c->unsent = realloc(c->unsent, c->unsent_length + length);
        memcpy(c->unsent + c->unsent_length, data, length);
        c->unsent_length += length;
    }
    return 1;
}

static int flush_unsent(struct connection *c) {
    ssize_t n = send(c->fd, c->unsent, c->unsent_length, MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN;
    memmove(c->unsent, c->unsent + n, c->unsent_length - n);
    c->unsent_length -= n;
    if (!c->unsent_length) set_events(c, 0);
    return 1;
}

static size_t write_chunk(char *to, const char *event, size_t length) {
    return sprintf(to, "%zx\r\n%.*s\r\n", length, (int)length, event);
}

#define HEAD "data: {\"id\":\"chatcmpl-measured\",\"object\":\"chat.completion.chunk\",\"created\":1790000000," \
             "\"model\":\"measured-1\",\"system_fingerprint\":\"fp_measured\",\"choices\":["

/* Send the next event of a stream, or its end. Return 0 if the connection is lost. */
static int send_next_event(struct connection *c) {
    char event[1024], out[4096];
    size_t n, length;
    if (c->chunks_sent < chunks) {
        n = sprintf(event, HEAD "{\"index\":0,\"delta\":{%s\"content\":\"t=%lld \"},\"logprobs\":null,"
                    "\"finish_reason\":null}]}\n\n", c->chunks_sent ? "" : "\"role\":\"assistant\",",
                    (long long)clock_ns());
        length = write_chunk(out, event, n);
        c->chunks_sent++;
        c->due_ns += interval;
        return send_or_buffer(c, out, length);
    }
    n = sprintf(event, HEAD "{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n");
    length = write_chunk(out, event, n);
    n = sprintf(event, HEAD "],\"usage\":{\"prompt_tokens\":41,\"completion_tokens\":%ld,\"total_tokens\":%ld}}\n\n",
                chunks, chunks + 41);
    length += write_chunk(out + length, event, n);
    length += write_chunk(out + length, "data: [DONE]\n\n", 14);
    length += sprintf(out + length, "0\r\n\r\n");
    remove_stream(c);
    return send_or_buffer(c, out, length);
}

/* Respond to all complete requests in the buffer. Return 0 if the connection is lost. */
static int respond(struct connection *c) {
    while (c->received && !c->streaming) {
        c->read[c->received] = 0;
        char *end = strstr(c->read, "\r\n\r\n");
        if (!end) return 1;
        size_t need = end + 4 - c->read;
        *end = 0;
        char *content_length = strcasestr(c->read, "\ncontent-length:");
        char *chunked = strcasestr(c->read, "\ntransfer-encoding:");
        *end = '\r';
        if (content_length) need += atol(content_length + 16);
        if (chunked && !content_length) {
            char *last = strstr(end, "\r\n0\r\n\r\n");
            if (!last) return 1;
            need = last + 7 - c->read;
        }
        if (c->received < need) return 1;
        char saved = c->read[need];
        c->read[need] = 0;
        int stream = strstr(end, "\"stream\":true") || strstr(end, "\"stream\": true");
        c->read[need] = saved;
        memmove(c->read, c->read + need, c->received -= need);
        if (!stream) {
            if (!send_or_buffer(c, full_response, full_response_length)) return 0;
            continue;
        }
        const char *head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        c->streaming = 1;
        c->chunks_sent = 0;
        c->due_ns = clock_ns();
        active_streams[active_stream_count++] = c;
        if (!send_or_buffer(c, head, strlen(head))) return 0;
    }
    return 1;
}

static int receive(struct connection *c) {
    for (;;) {
        ssize_t n = recv(c->fd, c->read + c->received, BUFFER_SIZE - c->received, 0);
        if (n == 0) return 0;
        if (n < 0) return errno == EAGAIN;
        c->received += n;
        if (!respond(c)) return 0;
        if (n < 65536) return 1;
    }
}

static int open_listener(int port) {
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

static void accept_connections(int listener) {
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct connection *c = calloc(1, sizeof *c);
        struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = c};
        c->fd = fd;
        c->read = malloc(BUFFER_SIZE + 1);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

/* Return the milliseconds until the next event is due, or -1 without active streams. */
static int poll_timeout(void) {
    int64_t first = INT64_MAX, now = clock_ns();
    for (int i = 0; i < active_stream_count; i++)
        if (!active_streams[i]->unsent_length && active_streams[i]->due_ns < first) first = active_streams[i]->due_ns;
    if (first == INT64_MAX) return -1;
    return first <= now ? 0 : (int)((first - now + 999999) / 1000000);
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    signal(SIGPIPE, SIG_IGN);
    interval = atoll(argv[2]) * 1000;
    chunks = atol(argv[3]);
    full_response_length = sprintf(full_response,
                                   "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s",
                                   strlen(COMPLETION), COMPLETION);
    int listener = open_listener(atoi(argv[1]));
    epoll = epoll_create1(0);
    struct epoll_event events[EVENTS], first = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &first);
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, poll_timeout());
        for (int i = 0; i < n; i++) {
            struct connection *c = events[i].data.ptr;
            int ok = 1;
            if (!c) {
                accept_connections(listener);
                continue;
            }
            if (events[i].events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) ok = 0;
            if (ok && events[i].events & EPOLLOUT) ok = flush_unsent(c);
            if (ok && events[i].events & EPOLLIN) ok = receive(c);
            if (!ok) close_connection(c);
        }
        int64_t now = clock_ns();
        for (int i = active_stream_count - 1; i >= 0; i--) {
            struct connection *c = active_streams[i];
            if (c->unsent_length || c->due_ns > now) continue;
            if (!send_next_event(c)) close_connection(c);
        }
    }
}
