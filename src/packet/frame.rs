//! A byte stream cut into whole packets.

use bytes::Bytes;

use super::DecodeError;

/// Collects bytes in whatever pieces they come and gives whole packets.
#[derive(Clone, Debug)]
pub struct FrameReader {
    maximum_packet_size: u32,
}

impl FrameReader {
    /// A reader that refuses packets of more than `maximum_packet_size` bytes as soon as their length is known.
    #[must_use]
    pub const fn new(maximum_packet_size: u32) -> Self {
        Self { maximum_packet_size }
    }

    /// Takes in bytes of the stream.
    pub fn push(&mut self, bytes: Bytes) {
        let _ = (bytes, self.maximum_packet_size);
        todo!()
    }

    /// The next whole packet, `None` until more bytes come. After an error the stream cannot go on.
    ///
    /// # Errors
    /// Remaining Length in more than four bytes or not the shortest form, a reserved packet type, or Packet too large (0x95).
    pub fn next_frame(&mut self) -> Result<Option<Bytes>, DecodeError> {
        todo!()
    }
}
