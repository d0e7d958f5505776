//! What stands between a client and the broker, and keeps what the client says from a certain packet on.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use mqtt_playground::packet::{FrameReader, PacketType};

use crate::support::PATIENCE;

/// The bit of DUP in the first byte of PUBLISH.
const DUP: u8 = 0b1000;

/// Hands the bytes of each connection on to the broker, and those of the broker back.
pub(crate) struct Relay {
    port: u16,
    state: Arc<State>,
    held: Receiver<()>,
}

struct State {
    broker: SocketAddr,
    /// From the next packet of this type on, one connection goes no further.
    hold_back: Mutex<Option<PacketType>>,
    /// PUBLISH packets of the broker with DUP.
    duplicates: AtomicUsize,
    held: Sender<()>,
}

impl Relay {
    pub(crate) fn to(broker: SocketAddr) -> Self {
        let listener = TcpListener::bind(crate::support::loopback()).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, held) = channel();
        let state = Arc::new(State { broker, hold_back: Mutex::new(None), duplicates: AtomicUsize::new(0), held: sender });
        let serving = Arc::clone(&state);
        // Both threads of a connection end with it; this one ends with the test.
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(broker) = TcpStream::connect(serving.broker) else { return };
                for is_of_client in [true, false] {
                    let (client, broker) = (client.try_clone().unwrap(), broker.try_clone().unwrap());
                    let state = Arc::clone(&serving);
                    std::thread::spawn(
                        move || {
                            if is_of_client { state.carry(client, broker, true) } else { state.carry(broker, client, false) }
                        },
                    );
                }
            }
        });
        Self { port, state, held }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The next packet of this type that a client sends does not reach the broker, nor anything that follows it on that connection.
    pub(crate) fn hold_back(&self, packet_type: PacketType) {
        *self.state.hold_back.lock().unwrap() = Some(packet_type);
    }

    /// Returns when that packet has come.
    pub(crate) fn until_held(&self) {
        self.held.recv_timeout(PATIENCE).expect("the packet that was to be held back never came");
    }

    /// How many PUBLISH packets with DUP the broker has sent since the last call.
    pub(crate) fn duplicates(&self) -> usize {
        self.state.duplicates.swap(0, Ordering::Relaxed)
    }
}

impl State {
    fn carry(&self, mut from: TcpStream, mut to: TcpStream, is_of_client: bool) {
        let mut frames = FrameReader::new(u32::MAX);
        let mut piece = [0; 4_096];
        let mut is_held = false;
        while let Ok(count @ 1..) = from.read(&mut piece) {
            frames.push(Bytes::copy_from_slice(&piece[..count]));
            while let Ok(Some(frame)) = frames.next_frame() {
                is_held |= is_of_client && self.holds(&frame);
                if !is_of_client && PacketType::from_first_byte(frame[0]) == Some(PacketType::Publish) && frame[0] & DUP > 0 {
                    self.duplicates.fetch_add(1, Ordering::Relaxed);
                }
                if !is_held && to.write_all(&frame).is_err() {
                    break;
                }
            }
        }
        // One side is gone: so is the other.
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    }

    fn holds(&self, frame: &[u8]) -> bool {
        let mut hold_back = self.hold_back.lock().unwrap();
        let holds = hold_back.is_some() && PacketType::from_first_byte(frame[0]) == *hold_back;
        if holds {
            *hold_back = None;
            let _ = self.held.send(());
        }
        holds
    }
}
