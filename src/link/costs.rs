//! What layers between TCP and MQTT cost: a model of round trips and bytes, without their contents.
//!
//! The handshakes are exchanges of so many bytes, as typical deployments have them; nothing is encrypted. Their bytes are on the wire and cost time, but
//! have no place in the MQTT byte stream: sequence numbers, as shown, count that stream only.

use serde::{Deserialize, Serialize};

use super::Side;

/// Which layers there are. A model, not an implementation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Costs {
    /// TLS with a full handshake and a certificate chain of two.
    pub tls: Option<Tls>,
    /// MQTT in WebSocket frames after an HTTP upgrade.
    pub websocket: bool,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Tls {
    /// TLS 1.2: two round trips before the first byte of the client (RFC 5246, 7.3).
    #[serde(rename = "1.2")]
    V1_2,
    /// TLS 1.3: one round trip (RFC 8446, 2).
    #[serde(rename = "1.3")]
    V1_3,
}

/// The most turns of an exchange.
const TURNS: usize = 6;

/// The exchange before the first MQTT byte: the client's bytes, then the broker's, and so on; zeros at the end count for nothing.
pub(super) type Exchange = [u16; TURNS];

impl Costs {
    /// Plain TCP.
    pub const NONE: Self = Self { tls: None, websocket: false };

    /// The turns, beginning with the client's.
    pub(super) const fn exchange(self) -> Exchange {
        // ClientHello, ServerHello with certificates, … as common libraries send them; the upgrade as browsers do.
        match (self.tls, self.websocket) {
            (None, false) => [0; TURNS],
            (None, true) => [240, 130, 0, 0, 0, 0],
            // ClientHello; ServerHello, Certificate, ServerKeyExchange, ServerHelloDone; ClientKeyExchange, ChangeCipherSpec, Finished; ChangeCipherSpec, Finished.
            (Some(Tls::V1_2), false) => [240, 3_000, 126, 51, 0, 0],
            (Some(Tls::V1_2), true) => [240, 3_000, 126, 51, 269, 159],
            // ClientHello; ServerHello, EncryptedExtensions, Certificate, CertificateVerify, Finished; Finished.
            (Some(Tls::V1_3), false) => [517, 3_200, 80, 0, 0, 0],
            (Some(Tls::V1_3), true) => [517, 3_200, 342, 152, 0, 0],
        }
    }

    /// Bytes that surround one write of `length` bytes from this side: one TLS record for each 16 kB, one WebSocket frame.
    pub(super) fn framing(self, from: Side, length: usize) -> u16 {
        let frame = if self.websocket {
            let header = match length {
                0..=125 => 2,
                126..=65_535 => 4,
                _ => 10,
            };
            // Only a client masks (RFC 6455, 5.1).
            if from == Side::Client { 4_u16.saturating_add(header) } else { header }
        } else {
            0
        };
        // Header, nonce and tag of AES-GCM in 1.2; header, content type and tag in 1.3.
        let record = match self.tls {
            None => 0,
            Some(Tls::V1_2) => 29,
            Some(Tls::V1_3) => 22,
        };
        let records = u16::try_from((length / 16_384).saturating_add(1)).unwrap_or(u16::MAX);
        frame.saturating_add(records.saturating_mul(record))
    }
}

/// How far one side is in the exchange.
#[derive(Clone, Copy, Debug, Hash)]
pub(super) struct Setup {
    exchange: Exchange,
    /// The turn whose bytes are being sent or awaited.
    turn: usize,
    /// Bytes of this side's turns that were not sent yet.
    pub(super) unsent: u64,
    /// Bytes of the peer's turn that were not received yet.
    awaited: u64,
}

impl Setup {
    pub(super) const fn new(costs: Costs) -> Self {
        Self { exchange: costs.exchange(), turn: 0, unsent: 0, awaited: 0 }
    }

    /// All bytes that `side` sends in it.
    pub(super) fn bytes_of(&self, side: Side) -> u64 {
        self.exchange.iter().skip(usize::from(side == Side::Broker)).step_by(2).fold(0, |sum, bytes| sum.saturating_add(u64::from(*bytes)))
    }

    /// Takes up the turns from the present one on, up to one that the peer has yet to make. True if the exchange is over for `side`: what it still has
    /// to send goes before its data.
    pub(super) fn advance(&mut self, side: Side) -> bool {
        while let Some(bytes) = self.exchange.get(self.turn).filter(|bytes| **bytes > 0) {
            self.turn = self.turn.saturating_add(1);
            let is_own = (self.turn % 2 == 1) == (side == Side::Client);
            if is_own {
                self.unsent = self.unsent.saturating_add(u64::from(*bytes));
            } else {
                self.awaited = u64::from(*bytes);
                return false;
            }
        }
        true
    }

    /// So many bytes of the peer's turn have arrived. True if the exchange is over by that.
    pub(super) fn received(&mut self, bytes: u64, side: Side) -> bool {
        self.awaited = self.awaited.saturating_sub(bytes);
        self.awaited == 0 && self.advance(side)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_take_turns_until_the_exchange_is_over() {
        let costs = Costs { tls: Some(Tls::V1_3), websocket: false };
        let (mut client, mut broker) = (Setup::new(costs), Setup::new(costs));
        assert!(!client.advance(Side::Client));
        assert!(!broker.advance(Side::Broker));
        assert_eq!((client.unsent, broker.unsent), (517, 0));
        assert!(!broker.received(517, Side::Broker));
        assert_eq!(broker.unsent, 3_200);
        assert!(!client.received(1_460, Side::Client));
        assert!(client.received(1_740, Side::Client), "the client's last bytes travel before its data");
        assert_eq!(client.unsent, 517 + 80);
        assert!(broker.received(80, Side::Broker));
        assert_eq!((client.bytes_of(Side::Client), client.bytes_of(Side::Broker)), (597, 3_200));
    }

    #[test]
    fn framing_counts_records_frames_and_masks() {
        let secure = |tls, websocket| Costs { tls, websocket };
        assert_eq!(Costs::NONE.framing(Side::Client, 100), 0);
        assert_eq!(secure(Some(Tls::V1_2), false).framing(Side::Client, 100), 29);
        assert_eq!(secure(Some(Tls::V1_3), true).framing(Side::Client, 100), 22 + 2 + 4);
        assert_eq!(secure(Some(Tls::V1_3), true).framing(Side::Broker, 126), 22 + 4);
        assert_eq!(secure(Some(Tls::V1_3), false).framing(Side::Client, 20_000), 44);
    }
}
