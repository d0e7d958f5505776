//! A broker with the two ends of its connections: bytes in, bytes out. What it sends is gathered for each connection, as a transport would do it.

use bytes::Bytes;
use mqtt_playground::broker::{Broker, BrokerConfig, Output};
use mqtt_playground::rng::Seed;
use mqtt_playground::session::{ConnectionId, Transmit};
use mqtt_playground::time::Instant;

/// Whether the broker tells what happens to each message, as the page and a recorded trace need it, or only does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Events {
    On,
    Off,
}

pub struct Host {
    broker: Broker,
    now: Instant,
    /// By number of the connection.
    outgoing: Vec<Outgoing>,
    /// Connections with something to take.
    waiting: Vec<u32>,
}

#[derive(Default)]
struct Outgoing {
    bytes: Vec<u8>,
    packets: usize,
}

impl Host {
    pub fn new(events: Events) -> Self {
        // A publisher's whole window is in flight to its subscriber at once, as with the peers, which have no such limit.
        let config = BrokerConfig { max_inflight: u16::MAX, max_connections: 100_000, max_sessions: 100_000, ..BrokerConfig::default() };
        let mut broker = Broker::new(config, Seed(1).stream("bench", "broker"));
        broker.set_quiet(events == Events::Off);
        Self { broker, now: Instant::from_secs(1), outgoing: Vec::new(), waiting: Vec::new() }
    }

    pub const fn broker(&self) -> &Broker {
        &self.broker
    }

    /// A new connection; its number.
    pub fn open(&mut self) -> u32 {
        self.outgoing.push(Outgoing::default());
        let number = u32::try_from(self.outgoing.len()).unwrap();
        self.broker.handle_connection_opened(self.now, ConnectionId(number));
        number - 1
    }

    /// Bytes come in on a connection; whatever follows from them waits in [`Host::waiting`].
    pub fn receive(&mut self, connection: u32, bytes: Bytes) {
        self.broker.handle_bytes(self.now, ConnectionId(u32::from(connection) + 1), bytes);
        while let Some(output) = self.broker.poll_output() {
            match output {
                Output::Transmit(connection, Transmit::Packet { bytes, .. }) => {
                    let number = connection.0 as u32 - 1;
                    let outgoing = &mut self.outgoing[number as usize];
                    if outgoing.bytes.is_empty() {
                        self.waiting.push(number);
                    }
                    outgoing.bytes.extend_from_slice(&bytes);
                    outgoing.packets += 1;
                }
                Output::Transmit(connection, other) => panic!("{connection:?}: {other:?}"),
                Output::Event(event) => drop(std::hint::black_box(event)),
            }
        }
    }

    /// The connections with something to take.
    pub fn waiting(&self) -> &[u32] {
        &self.waiting
    }

    /// What waits on a connection.
    pub fn outgoing(&self, connection: u32) -> &[u8] {
        &self.outgoing[connection as usize].bytes
    }

    /// All that waited is taken.
    pub fn taken(&mut self) {
        for number in self.waiting.drain(..) {
            let outgoing = &mut self.outgoing[number as usize];
            self.broker.handle_written(self.now, ConnectionId(u32::from(number) + 1), outgoing.packets, outgoing.bytes.len());
            outgoing.bytes.clear();
            outgoing.packets = 0;
        }
    }
}

/// What JavaScript calls. A host is known by its number.
#[cfg(target_arch = "wasm32")]
mod exports {
    use std::cell::RefCell;

    use super::{Events, Host};
    use bytes::Bytes;

    struct Exported {
        host: Host,
        input: Vec<u8>,
        /// Connection, address and length of all that waits.
        table: Vec<[u32; 3]>,
    }

    thread_local! {
        static HOSTS: RefCell<Vec<Option<Exported>>> = const { RefCell::new(Vec::new()) };
    }

    fn with<T>(number: usize, act: impl FnOnce(&mut Exported) -> T) -> T {
        HOSTS.with_borrow_mut(|hosts| act(hosts[number].as_mut().unwrap()))
    }

    #[unsafe(no_mangle)]
    pub extern "C" fn host_new(events: u32) -> usize {
        let host = Host::new(if events == 1 { Events::On } else { Events::Off });
        HOSTS.with_borrow_mut(|hosts| {
            hosts.push(Some(Exported { host, input: vec![0; 1 << 20], table: Vec::with_capacity(100_000) }));
            hosts.len() - 1
        })
    }

    #[unsafe(no_mangle)]
    pub extern "C" fn host_free(number: usize) {
        HOSTS.with_borrow_mut(|hosts| hosts[number] = None);
    }

    /// Where the next input of up to a mebibyte is put.
    #[unsafe(no_mangle)]
    pub extern "C" fn host_input(number: usize) -> *mut u8 {
        with(number, |exported| exported.input.as_mut_ptr())
    }

    #[unsafe(no_mangle)]
    pub extern "C" fn host_open(number: usize) -> u32 {
        with(number, |exported| exported.host.open())
    }

    /// Takes the input, after all that waited was taken; gives the number of rows of [`host_table`].
    #[unsafe(no_mangle)]
    pub extern "C" fn host_receive(number: usize, connection: u32, length: usize) -> usize {
        with(number, |Exported { host, input, table }| {
            host.taken();
            host.receive(connection, Bytes::copy_from_slice(&input[..length]));
            table.clear();
            table.extend(host.waiting().iter().map(|number| {
                let bytes = host.outgoing(*number);
                [*number, bytes.as_ptr() as u32, bytes.len() as u32]
            }));
            table.len()
        })
    }

    /// Where the rows are, always.
    #[unsafe(no_mangle)]
    pub extern "C" fn host_table(number: usize) -> *const [u32; 3] {
        with(number, |exported| exported.table.as_ptr())
    }
}
