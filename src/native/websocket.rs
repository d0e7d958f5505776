//! MQTT over WebSocket (5.0 §6): the handshake with its checks, binary frames in, binary frames out.
//!
//! Any page of any site may try to open a WebSocket to this computer, so a browser's Origin has to be known here, and the Host that was asked for
//! has to be a name of this computer: a foreign name that leads here is DNS rebinding.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::connection::{Broken, PacketSink, PieceSource, Received, in_time};
use crate::link::CloseReason;

/// The subprotocol of MQTT [MQTT-6.0.0-3].
const SUBPROTOCOL: &str = "mqtt";
/// Bytes of the path and query that are asked for.
const PATH_MAX: usize = 1_024;
/// Bytes allocated for reading, for each connection.
const READ_SIZE: usize = 8_192;
/// Data of a type that MQTT does not use [MQTT-6.0.0-1].
const UNSUPPORTED: u16 = 1003;

/// Who is let in over WebSocket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// Origins of web pages, such as `https://example.org`, beyond those of this computer.
    pub origins: Vec<String>,
    /// Names or addresses by which clients may call this computer, beyond `localhost` and loopback addresses.
    pub hosts: Vec<String>,
}

impl Admission {
    /// Whether a request may go on; if not, the status and the reason.
    fn check(&self, path: &str, headers: &HeaderMap) -> Result<(), (StatusCode, String)> {
        if path.len() > PATH_MAX {
            return Err((StatusCode::URI_TOO_LONG, format!("the path has more than {PATH_MAX} bytes")));
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        if !self.knows_host(host) {
            return Err((StatusCode::FORBIDDEN, format!("Host {host:?} is no name of this computer; --allow-host NAME lets it in")));
        }
        if let Some(origin) = headers.get(header::ORIGIN) {
            let origin = origin.to_str().unwrap_or_default();
            if !self.knows_origin(origin) {
                return Err((StatusCode::FORBIDDEN, format!("pages of {origin:?} are not let in; --allow-origin ORIGIN lets them in")));
            }
        }
        let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
        let mut offered = offered.iter().filter_map(|names| names.to_str().ok()).flat_map(|names| names.split(','));
        if !offered.any(|name| name.trim() == SUBPROTOCOL) {
            return Err((StatusCode::BAD_REQUEST, format!("the subprotocol {SUBPROTOCOL:?} is not offered [MQTT-6.0.0-3]")));
        }
        Ok(())
    }

    fn knows_host(&self, host: &str) -> bool {
        let name = without_port(host);
        is_loopback(name) || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host) || known.eq_ignore_ascii_case(name))
    }

    fn knows_origin(&self, origin: &str) -> bool {
        let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        host.is_some_and(|host| is_loopback(without_port(host))) || self.origins.iter().any(|known| known.eq_ignore_ascii_case(origin))
    }
}

/// `[::1]` of `[::1]:9001`, `localhost` of `localhost:9001`.
fn without_port(host: &str) -> &str {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) && (!name.contains(':') || name.ends_with(']')) => name,
        _ => host,
    }
}

fn is_loopback(name: &str) -> bool {
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What a handshake may cost, and a message after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) handshake_max: Duration,
    /// Bytes of one WebSocket message: several MQTT packets, or parts of them.
    pub(super) message_max: usize,
}

/// Shakes hands. The error is what to report; the peer has been told.
pub(super) async fn accept(stream: TcpStream, admission: Arc<Admission>, bounds: Bounds) -> Result<(Incoming, Sender), String> {
    // As for TCP: do not wait to fill a segment.
    let _ = stream.set_nodelay(true);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_SIZE)
        .write_buffer_size(0)
        .max_message_size(Some(bounds.message_max))
        .max_frame_size(Some(bounds.message_max));
    let shaken = tokio_tungstenite::accept_hdr_async_with_config(stream, Handshake(admission), Some(config));
    match tokio::time::timeout(bounds.handshake_max, shaken).await {
        Ok(Ok(socket)) => {
            let (sink, stream) = socket.split();
            Ok((Incoming { stream, rest: Bytes::new() }, Sender(sink)))
        }
        Ok(Err(Error::Http(response))) => {
            Err(response.body().as_deref().map_or_else(|| response.status().to_string(), |body| String::from_utf8_lossy(body).into_owned()))
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no WebSocket handshake within {} s", bounds.handshake_max.as_secs())),
    }
}

struct Handshake(Arc<Admission>);

impl tokio_tungstenite::tungstenite::handshake::server::Callback for Handshake {
    #[allow(clippy::result_large_err, reason = "the trait has it so")]
    fn on_request(self, request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
        let path = request.uri().path_and_query().map_or("", |path| path.as_str());
        match self.0.check(path, request.headers()) {
            Ok(()) => {
                response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
                Ok(response)
            }
            Err((status, reason)) => {
                let mut refusal = ErrorResponse::new(Some(reason));
                *refusal.status_mut() = status;
                refusal.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
                Err(refusal)
            }
        }
    }
}

/// What the peer sends.
#[derive(Debug)]
pub(super) struct Incoming {
    stream: SplitStream<WebSocketStream<TcpStream>>,
    /// What is left of the last message.
    rest: Bytes,
}

impl Incoming {
    /// A copy of the next part of the message: what is kept of a few bytes, a retained message for one, must not keep a whole WebSocket message or a buffer.
    fn piece(&mut self) -> Received {
        let length = self.rest.len().min(READ_SIZE);
        Received::Bytes(Bytes::copy_from_slice(&self.rest.split_to(length)))
    }
}

impl PieceSource for Incoming {
    async fn next(&mut self) -> Received {
        if !self.rest.is_empty() {
            return self.piece();
        }
        match self.stream.next().await {
            // Frame boundaries mean nothing to MQTT [MQTT-6.0.0-2].
            Some(Ok(Message::Binary(bytes))) if !bytes.is_empty() => {
                self.rest = bytes;
                self.piece()
            }
            // Pings are answered, and a Close too, while the next message is waited for.
            Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_))) => Received::Nothing,
            Some(Ok(Message::Text(_))) => Received::Refused(UNSUPPORTED),
            Some(Err(Error::Capacity(_))) => Received::Refused(CloseCode::Size.into()),
            Some(Err(Error::Utf8(_))) => Received::Refused(CloseCode::Invalid.into()),
            Some(Err(Error::Protocol(violation))) => {
                use tokio_tungstenite::tungstenite::error::ProtocolError;
                match violation {
                    ProtocolError::ResetWithoutClosingHandshake => Received::End(CloseReason::ClosedByPeer),
                    _ => Received::Refused(CloseCode::Protocol.into()),
                }
            }
            Some(Err(_)) => Received::End(CloseReason::Reset),
            None => Received::End(CloseReason::ClosedByPeer),
        }
    }
}

/// What the peer gets.
#[derive(Debug)]
pub(super) struct Sender(SplitSink<WebSocketStream<TcpStream>, Message>);

impl PacketSink for Sender {
    async fn write(&mut self, packets: &[Bytes], stall_max: Duration) -> Result<(), Broken> {
        for packet in packets {
            in_time(stall_max, self.0.feed(Message::Binary(packet.clone()))).await?.map_err(|_| Broken(CloseReason::Reset))?;
        }
        in_time(stall_max, self.0.flush()).await?.map_err(|_| Broken(CloseReason::Reset))
    }

    async fn close(&mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        let _ = self.0.send(Message::Close(Some(frame))).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    fn status(admission: &Admission, lines: &[(header::HeaderName, &'static str)]) -> u16 {
        admission.check("/mqtt", &headers(lines)).map_or_else(|(status, _)| status.as_u16(), |()| 101)
    }

    const PROTOCOL: (header::HeaderName, &str) = (header::SEC_WEBSOCKET_PROTOCOL, "mqttv3.1, mqtt");

    #[test]
    fn only_names_of_this_computer_are_hosts() {
        let admission = Admission { hosts: vec!["lab.example".to_owned()], ..Admission::default() };
        for known in ["localhost", "LOCALHOST:9001", "127.0.0.1:1", "127.8.8.8", "[::1]:9001", "[::1]", "lab.example:80", "LAB.example"] {
            assert_eq!(status(&admission, &[(header::HOST, known), PROTOCOL]), 101, "{known}");
        }
        for foreign in ["", "example.org", "localhost.example.org:9001", "127.0.0.1.example.org", "192.168.0.1", "[::2]", "localhost:x"] {
            assert_eq!(status(&admission, &[(header::HOST, foreign), PROTOCOL]), 403, "{foreign}");
        }
        assert_eq!(status(&admission, &[PROTOCOL]), 403);
    }

    #[test]
    fn only_pages_of_this_computer_and_named_ones_are_origins() {
        let admission = Admission { origins: vec!["https://course.example".to_owned()], ..Admission::default() };
        let host = (header::HOST, "localhost");
        for known in ["http://localhost:8080", "https://127.0.0.1", "http://[::1]:3000", "https://course.example"] {
            assert_eq!(status(&admission, &[host.clone(), (header::ORIGIN, known), PROTOCOL]), 101, "{known}");
        }
        for foreign in ["null", "https://example.org", "https://course.example:8443", "http://localhost.evil", "file://", "ftp://localhost"]
        {
            assert_eq!(status(&admission, &[host.clone(), (header::ORIGIN, foreign), PROTOCOL]), 403, "{foreign}");
        }
    }

    #[test]
    fn the_subprotocol_has_to_be_offered_mqtt_6_0_0_3() {
        let host = (header::HOST, "localhost");
        let admission = Admission::default();
        assert_eq!(status(&admission, std::slice::from_ref(&host)), 400);
        assert_eq!(status(&admission, &[host.clone(), (header::SEC_WEBSOCKET_PROTOCOL, "mqttv3.1")]), 400);
        assert_eq!(status(&admission, &[host, (header::SEC_WEBSOCKET_PROTOCOL, "mqtt")]), 101);
    }

    #[tokio::test]
    async fn pieces_of_a_message_share_no_memory_with_it() {
        use tokio_tungstenite::tungstenite::protocol::Role;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (dialled, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let mut client = WebSocketStream::from_raw_socket(dialled.unwrap(), Role::Client, None).await;
        let server = WebSocketStream::from_raw_socket(accepted.unwrap().0, Role::Server, None).await;
        let mut incoming = Incoming { stream: server.split().1, rest: Bytes::new() };
        let sent: Vec<u8> = (0..=255).cycle().take(3 * READ_SIZE + 1).collect();
        for message in [&sent[..], &sent[..5]] {
            client.send(Message::Binary(Bytes::copy_from_slice(message))).await.unwrap();
            let mut received = Vec::new();
            while received.len() < message.len() {
                let Received::Bytes(piece) = incoming.next().await else { panic!("bytes expected") };
                assert!(piece.len() <= READ_SIZE && piece.is_unique(), "{} bytes", piece.len());
                received.extend_from_slice(&piece);
            }
            assert_eq!(received, message);
        }
    }

    #[test]
    fn a_long_path_is_refused() {
        let path = format!("/{}", "a".repeat(PATH_MAX));
        let refused = Admission::default().check(&path, &headers(&[(header::HOST, "localhost"), PROTOCOL])).unwrap_err();
        assert_eq!(refused.0, StatusCode::URI_TOO_LONG);
    }
}
