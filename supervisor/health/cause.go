package health

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
)

// cause is an error of the network in a few words.
func cause(err error) string {
	if words := certificate(err); words != "" {
		return words
	}
	var dns *net.DNSError
	var header tls.RecordHeaderError
	var alert tls.AlertError
	var network net.Error
	switch {
	case errors.As(err, &dns):
		return "cannot resolve " + plain(dns.Name, maxText) + ": " + plain(dns.Err, maxText)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET):
		return "connection reset"
	case errors.As(err, &header), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "it does not speak TLS; is it http://?"
	case errors.As(err, &alert):
		return "it refuses the TLS handshake: " + plain(alert.Error(), maxText)
	case strings.Contains(err.Error(), "response headers exceeded"):
		return "its header is larger than 64 KiB"
	case strings.Contains(err.Error(), "malformed HTTP"):
		return "its answer is not HTTP"
	case errors.As(err, &network) && network.Timeout() && !errors.Is(err, syscall.ETIMEDOUT):
		return "no answer in time"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed before the answer was complete"
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		return call.Err.Error()
	}
	return plain(err.Error(), maxText)
}

// certificate says why a certificate was not trusted; empty where that was not
// the fault.
func certificate(err error) string {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var roots x509.SystemRootsError
	switch {
	case errors.As(err, &unknown):
		return "its certificate is signed by an authority that this machine does not know"
	case errors.As(err, &host):
		return "its certificate is for another name: " + plain(host.Error(), maxText)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired or is not valid yet"
	case errors.As(err, &invalid):
		return "its certificate is not valid: " + plain(invalid.Error(), maxText)
	case errors.As(err, &roots):
		return "this machine has no root certificates to check its certificate by"
	}
	return ""
}
