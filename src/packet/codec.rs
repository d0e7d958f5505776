//! Packets to bytes and back.

use bytes::{Bytes, BytesMut};

use super::{DecodeError, EncodeError, Packet, ProtocolVersion};

impl Packet {
    /// Reads exactly one whole packet. A CONNECT says its version itself; `version` counts for all others.
    ///
    /// # Errors
    /// The first rule that the bytes break.
    pub fn decode(frame: &Bytes, version: ProtocolVersion) -> Result<Self, DecodeError> {
        let _ = (frame, version);
        todo!()
    }

    /// Appends the packet.
    ///
    /// # Errors
    /// The packet has no legal form in this version. Nothing is appended then.
    pub fn encode(&self, version: ProtocolVersion, out: &mut BytesMut) -> Result<(), EncodeError> {
        let _ = (version, out);
        todo!()
    }

    /// The packet as bytes of its own.
    ///
    /// # Errors
    /// As [`Packet::encode`].
    pub fn to_bytes(&self, version: ProtocolVersion) -> Result<Bytes, EncodeError> {
        let mut out = BytesMut::new();
        self.encode(version, &mut out)?;
        Ok(out.freeze())
    }
}
