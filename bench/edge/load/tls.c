/* TLS 1.3 for the load generator, with OpenSSL; without its headers (no WITH_TLS) the generator has no TLS. */
#define _GNU_SOURCE
#include <errno.h>

#include "load.h"

#ifdef WITH_TLS
#include <openssl/ssl.h>

static SSL_CTX *context;
static SSL_SESSION *ticket;

static int keep(SSL *ssl, SSL_SESSION *session) {
  (void)ssl;
  if (!ticket) ticket = SSL_SESSION_dup(session);
  return 0;
}

void tls_prepare(void) {
  if (context) return;
  context = SSL_CTX_new(TLS_client_method());
  if (!context) fail("OpenSSL has no client");
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  // The server is this benchmark's own, with a certificate of this run.
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  if (options.resume) SSL_CTX_sess_set_new_cb(context, keep);
}

void tls_begin(Connection *one) {
  SSL *ssl = SSL_new(context);
  if (!ssl || SSL_set_fd(ssl, one->fd) != 1) fail("OpenSSL gives no connection");
  SSL_set_connect_state(ssl);
  if (options.resume && ticket) {
    // OpenSSL takes a session of TLS 1.3 once: each connection has a copy.
    SSL_SESSION *mine = SSL_SESSION_dup(ticket);
    SSL_set_session(ssl, mine);
    SSL_SESSION_free(mine);
  }
  one->tls = ssl;
}

int tls_shake(Connection *one) {
  int done = SSL_do_handshake(one->tls);
  if (done == 1) return 1;
  int error = SSL_get_error(one->tls, done);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

ssize_t tls_receive(Connection *one, void *bytes, size_t length) {
  int got = SSL_read(one->tls, bytes, (int)length);
  if (got > 0) return got;
  int error = SSL_get_error(one->tls, got);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return -1;
  return error == SSL_ERROR_ZERO_RETURN ? 0 : -2;
}

bool tls_send(Connection *one, const char *bytes, size_t length) { return SSL_write(one->tls, bytes, (int)length) == (int)length; }

void tls_end(Connection *one) {
  // Without it OpenSSL takes the end for an attack, and never uses this connection's ticket.
  SSL_set_shutdown(one->tls, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(one->tls);
  one->tls = NULL;
}

bool tls_resumed(const Connection *one) { return SSL_session_reused(one->tls) == 1; }

bool tls_has_ticket(void) { return ticket != NULL; }

void tls_farewell(Connection *one) { SSL_shutdown(one->tls); }
#else
#define NO_TLS fail("this generator was built without OpenSSL's headers")
void tls_prepare(void) { NO_TLS; }
void tls_begin(Connection *one) { (void)one; NO_TLS; }
int tls_shake(Connection *one) { (void)one; NO_TLS; }
ssize_t tls_receive(Connection *one, void *bytes, size_t length) { (void)one; (void)bytes; (void)length; NO_TLS; }
bool tls_send(Connection *one, const char *bytes, size_t length) { (void)one; (void)bytes; (void)length; NO_TLS; }
void tls_end(Connection *one) { (void)one; NO_TLS; }
bool tls_resumed(const Connection *one) { (void)one; NO_TLS; }
bool tls_has_ticket(void) { NO_TLS; }
void tls_farewell(Connection *one) { (void)one; NO_TLS; }
#endif
