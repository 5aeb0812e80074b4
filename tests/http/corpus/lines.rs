//! What may come instead of a good first line.

use super::End::{self, Cut, Last, No, Then, Yes};

/// Whole requests.
pub(super) const CASES: &[(End, &[u8])] = &[
    // Good ones.
    (Yes(200), b"GET /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (Yes(200), b"HEAD /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (Yes(204), b"OPTIONS /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (Yes(204), b"OPTIONS * HTTP/1.1\r\nHost: box\r\n\r\n"),
    (Yes(204), b"DELETE /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (Yes(405), b"PUT /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (Last(200), b"GET /hello HTTP/1.0\r\nHost: box\r\n\r\n"),
    (Last(200), b"GET /hello HTTP/1.0\r\n\r\n"),
    (
        Last(200),
        b"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    ),
    // Empty lines before a request (RFC 9112, section 2.2).
    (
        Yes(200),
        b"\r\n\r\nGET /hello HTTP/1.1\r\nHost: box\r\n\r\n",
    ),
    (No(400), b"\nGET /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(400), b"\rGET /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    // Other protocols on our port.
    (No(400), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    (
        No(400),
        b"\x16\x03\x03\x00\x31\x01\x00\x00\x2d\x03\x03\r\n\r\n",
    ),
    (No(400), b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10"),
    (
        No(505),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    ),
    (No(400), b"SSH-2.0-OpenSSH_9.2p1\r\n"),
    (
        No(400),
        b"OPTIONS rtsp://box/hello RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    ),
    (
        No(400),
        b"DESCRIBE rtsp://box/hello RTSP/1.0\r\nCSeq: 2\r\n\r\n",
    ),
    (
        No(400),
        b"OPTIONS sip:box SIP/2.0\r\nVia: SIP/2.0/TCP box\r\n\r\n",
    ),
    (
        No(501),
        b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900,\r\n\r\n",
    ),
    (No(400), b"\x04\x01\x00\x50\x7f\0\0\x01\0"),
    (No(400), b"\x05\x01\x00"),
    (
        No(400),
        b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0",
    ),
    (No(400), b"\x00\x00\x00\x85\xffSMBr\0\0\0\0"),
    (No(400), b"*1\r\n$4\r\nPING\r\n"),
    (No(400), b"EHLO box\r\n"),
    (No(400), b"USER anonymous\r\n"),
    (No(400), b"{\"jsonrpc\":\"2.0\",\"method\":\"x\"}\r\n"),
    (No(400), b"<?xml version=\"1.0\"?>\r\n"),
    (
        No(400),
        b"PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET /hello HTTP/1.1\r\nHost: box\r\n\r\n",
    ),
    (No(400), b"\r\n\r\n\0\r\nQUIT\nGET /hello HTTP/1.1\r\n\r\n"),
    (No(400), b"\0\0\0\0\0\0\0\0"),
    (No(400), b"\xff\xfb\x01\xff\xfb\x03"),
    (
        No(400),
        b"\xef\xbb\xbfGET /hello HTTP/1.1\r\nHost: box\r\n\r\n",
    ),
    (No(400), b"G\0E\0T\0 \0/\0"),
    // Methods.
    (No(501), b"BREW /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(501), b"PATCH /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(501), b"TRACE /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(501), b"TRACK /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (
        No(501),
        b"PROPFIND / HTTP/1.1\r\nHost: box\r\nDepth: 0\r\n\r\n",
    ),
    (No(501), b"CONNECT box:80 HTTP/1.1\r\nHost: box:80\r\n\r\n"),
    (No(501), b"get /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(501), b"Get /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(501), b"GETS /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (
        No(501),
        b"!#$%&'*+-.^_`|~ /hello HTTP/1.1\r\nHost: box\r\n\r\n",
    ),
    (No(400), b"GE(T /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(400), b"G\xc3\x89T /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(400), b"GET\0 /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    // Versions.
    (No(505), b"GET /hello HTTP/2.0\r\nHost: box\r\n\r\n"),
    (No(505), b"GET /hello HTTP/3\r\nHost: box\r\n\r\n"),
    (No(505), b"GET /hello HTTP/1.2\r\nHost: box\r\n\r\n"),
    (No(505), b"GET /hello HTTP/0.9\r\nHost: box\r\n\r\n"),
    (No(505), b"GET /hello HTTP/9.9\r\nHost: box\r\n\r\n"),
    (No(400), b"GET /hello HTTP/1.10\r\nHost: box\r\n\r\n"),
    (No(400), b"GET /hello HTTP/1.1.1\r\nHost: box\r\n\r\n"),
    (No(505), b"GET /hello HTTP/01.1\r\nHost: box\r\n\r\n"),
    (No(505), b"GET /hello HTTP/1\r\nHost: box\r\n\r\n"),
    (No(505), b"GET /hello HTTP/1.\r\nHost: box\r\n\r\n"),
    (No(505), b"GET /hello HTTP/1,1\r\nHost: box\r\n\r\n"),
    (No(400), b"GET /hello HTTP/.1\r\nHost: box\r\n\r\n"),
    (No(400), b"GET /hello HTTP/\r\nHost: box\r\n\r\n"),
    (No(400), b"GET /hello HTTP\r\nHost: box\r\n\r\n"),
    (No(400), b"GET /hello http/1.1\r\nHost: box\r\n\r\n"),
    (No(400), b"GET /hello HTTPS/1.1\r\nHost: box\r\n\r\n"),
    (No(400), b"GET /hello HTTP/-1.1\r\nHost: box\r\n\r\n"),
    (No(400), b"GET /hello ICY/1.1\r\nHost: box\r\n\r\n"),
    // HTTP/0.9.
    (No(400), b"GET /hello\r\n"),
    (No(400), b"GET /hello\r\n\r\n"),
    (No(400), b"GET /hello \r\n\r\n"),
    // Missing parts and blanks.
    (No(400), b"GET\r\n\r\n"),
    (No(400), b"GET \r\n\r\n"),
    (No(400), b"GET  HTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(400), b"GET HTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(400), b"/hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(400), b" GET /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(400), b"\tGET /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(400), b"GET  /hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(400), b"GET /hello  HTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(400), b"GET /hello HTTP/1.1 \r\nHost: box\r\n\r\n"),
    (No(400), b"GET\t/hello\tHTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(400), b"GET\x0b/hello\x0bHTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(400), b"GET\x0c/hello HTTP/1.1\r\nHost: box\r\n\r\n"),
    (No(400), b"GET /hel lo HTTP/1.1\r\nHost: box\r\n\r\n"),
    (
        No(400),
        b"GET /hello HTTP/1.1 HTTP/1.1\r\nHost: box\r\n\r\n",
    ),
    (No(400), b"GET /hello HTTP/1.1 evil\r\nHost: box\r\n\r\n"),
    // Ends of lines.
    (No(400), b"GET /hello HTTP/1.1\nHost: box\n\n"),
    (No(400), b"GET /hello HTTP/1.1\r\nHost: box\n\r\n"),
    (No(400), b"GET /hello HTTP/1.1\r\nHost: box\r\n\n"),
    (No(400), b"GET /hello HTTP/1.1\n\r\n"),
    (No(400), b"GET /hello HTTP/1.1\rHost: box\r\r"),
    (No(400), b"GET /hello HTTP/1.1\r\r\nHost: box\r\n\r\n"),
    (No(400), b"GET /hello HTTP/1.1\r\nHost: box\r\r\n\r\n"),
    (No(400), b"GET /hello HTTP/1.1\r\nHost: box\r\n\r\r\n"),
    (No(400), b"GET /hello\rHTTP/1.1\r\nHost: box\r\n\r\n"),
    // Heads that never end: the next request is taken for a line of them.
    (No(400), b"GET /hello HTTP/1.1\r\nHost: box\r\n"),
    (No(400), b"GET /hello HTTP/1.1\r\nHost: box"),
    (No(400), b"GET /hello HTTP/1.1\r\n"),
    (No(400), b"GET /hello HT"),
    (No(400), b"GET "),
    (No(501), b"GE"),
    (
        Yes(200),
        b"GET /hello HTTP/1.1\r\nHost: box\r\n\r\n\r\n\r\n",
    ),
    // Rubbish after a good one.
    (
        Then(200, 400),
        b"GET /hello HTTP/1.1\r\nHost: box\r\n\r\n\0\0\0\0",
    ),
    (
        Then(200, 400),
        b"GET /hello HTTP/1.1\r\nHost: box\r\n\r\n\r\n\n",
    ),
    (
        Then(200, 400),
        b"GET /hello HTTP/1.1\r\nHost: box\r\n\r\n\x16\x03\x01\x02\0",
    ),
    (
        Then(200, 400),
        b"HEAD /hello HTTP/1.1\r\nHost: box\r\n\r\nhello\r\n\r\n",
    ),
    (
        Then(404, 505),
        b"GET /none HTTP/1.1\r\nHost: box\r\n\r\nGET /hello HTTP/2.0\r\n",
    ),
    // A body that never comes whole.
    (
        Cut,
        b"POST /echo HTTP/1.1\r\nHost: box\r\nContent-Length: 5000\r\n\r\n",
    ),
];
