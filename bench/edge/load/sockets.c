#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "load.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

/* Only this machine is ever loaded: a generator that can be pointed at others is a weapon. */
void read_target(const char *host, const char *port) {
  char *end;
  unsigned long number = strtoul(port, &end, 10);
  if (*port == 0 || *end != 0 || number < 1 || number > 65535) fail("--port takes a number from 1 to 65535, not \"%s\"", port);
  struct sockaddr_in *four = (struct sockaddr_in *)&options.target;
  struct sockaddr_in6 *six = (struct sockaddr_in6 *)&options.target;
  if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
    if ((ntohl(four->sin_addr.s_addr) >> 24) != 127) fail("only this machine is loaded: --host takes an address in 127.0.0.0/8 or ::1, not %s", host);
    four->sin_family = AF_INET;
    four->sin_port = htons((uint16_t)number);
    options.target_length = sizeof *four;
    return;
  }
  struct in6_addr address;
  if (inet_pton(AF_INET6, host, &address) != 1 || !IN6_IS_ADDR_LOOPBACK(&address))
    fail("only this machine is loaded: --host takes an address in 127.0.0.0/8 or ::1, not %s", host);
  six->sin6_family = AF_INET6;
  six->sin6_addr = address;
  six->sin6_port = htons((uint16_t)number);
  options.target_length = sizeof *six;
}

int open_connection(uint32_t number) {
  int fd = socket(options.target.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (options.target.ss_family == AF_INET) {
    uint32_t source = (options.offset + number) / connections_per_address;
    struct sockaddr_in from = {.sin_family = AF_INET};
    from.sin_addr.s_addr = htonl(0x7f000000 | (source / 200) << 8 | (source % 200 + 2));
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0) goto broken;
  }
  if (connect(fd, (struct sockaddr *)&options.target, options.target_length) == 0 || errno == EINPROGRESS) return fd;
broken:;
  int error = errno;
  close(fd);
  errno = error;
  return -1;
}

void close_connection(Connection *one) {
  if (one->state == closed) return;
  if (one->tls) tls_end(one);
  struct linger reset = {.l_onoff = 1, .l_linger = 0};
  setsockopt(one->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close(one->fd);
  free(one->held);
  one->held = NULL;
  one->held_length = 0;
  one->fd = -1;
  one->state = closed;
}

bool send_all(Connection *one, const char *bytes, size_t length) {
  if (one->tls) return tls_send(one, bytes, length);
  return send(one->fd, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

ssize_t receive(Connection *one, void *bytes, size_t length) {
  if (one->tls) return tls_receive(one, bytes, length);
  ssize_t got = recv(one->fd, bytes, length, 0);
  if (got >= 0) return got;
  return errno == EAGAIN || errno == EINTR ? -1 : -2;
}

ssize_t read_head(const uint8_t *bytes, size_t length, uint32_t *rest) {
  const uint8_t *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (!end) return 0;
  if (length < 12 || memcmp(bytes, "HTTP/1.", 7) != 0 || memcmp(bytes + 8, " 200", 4) != 0) return -1;
  *rest = 0;
  for (const uint8_t *at = bytes; at < end;) {
    const uint8_t *next = memmem(at, (size_t)(end - at) + 2, "\r\n", 2);
    if (!next) break;
    if (next - at > 15 && strncasecmp((const char *)at, "content-length:", 15) == 0)
      *rest = (uint32_t)strtoul((const char *)at + 15, NULL, 10);
    at = next + 2;
  }
  return end + 4 - bytes;
}
