//! MQTT straight over TCP.

use bytes::{Bytes, BytesMut};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::connection::{Broken, PacketSink, PieceSource, Received, in_time};
use crate::link::CloseReason;

/// Bytes read at once.
const READ_SIZE: usize = 16_384;

/// The two directions of a stream.
pub(super) fn split(stream: TcpStream) -> (OwnedReadHalf, OwnedWriteHalf) {
    // Small packets are the rule; waiting to fill a segment would only delay them.
    let _ = stream.set_nodelay(true);
    stream.into_split()
}

impl PieceSource for OwnedReadHalf {
    async fn next(&mut self) -> Received {
        loop {
            // An idle connection holds no buffer: it is made when there is something to read.
            if self.readable().await.is_err() {
                return Received::End(CloseReason::Reset);
            }
            let mut buffer = BytesMut::with_capacity(READ_SIZE);
            match self.try_read_buf(&mut buffer) {
                Ok(0) => return Received::End(CloseReason::ClosedByPeer),
                // What is kept of a few bytes, a retained message for one, must not keep a large buffer.
                Ok(read) if read < READ_SIZE / 4 => return Received::Bytes(Bytes::copy_from_slice(&buffer)),
                Ok(_) => return Received::Bytes(buffer.freeze()),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return Received::End(CloseReason::Reset),
            }
        }
    }
}

impl PacketSink for OwnedWriteHalf {
    async fn write(&mut self, packets: &[Bytes], stall_max: std::time::Duration) -> Result<(), Broken> {
        let joined;
        let mut rest: &[u8] = match packets {
            [packet] => packet,
            packets => {
                joined = packets.concat();
                &joined
            }
        };
        while !rest.is_empty() {
            let taken = in_time(stall_max, AsyncWriteExt::write(self, rest)).await?.map_err(|_| Broken(CloseReason::Reset))?;
            rest = rest.get(taken..).filter(|_| taken > 0).ok_or(Broken(CloseReason::Reset))?;
        }
        Ok(())
    }

    async fn close(&mut self, _code: u16) {
        let _ = self.shutdown().await;
    }
}
