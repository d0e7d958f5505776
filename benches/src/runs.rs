//! Whole simulations: clients, links, the broker and the trace. Each client publishes once a second at QoS 0 to a topic of its own and gets it back, over a path of 5 ms
//! that loses one segment in a hundred, so that a round is: encode, segment, (loss, retransmission,) decode, route, encode, segment, decode, and delayed
//! acknowledgements both ways. Clients are spread evenly over the second.

use std::sync::Arc;

use bytestring::ByteString;
use mqtt_playground::packet::{ClientId, TopicFilter, TopicName};
use mqtt_playground::sim::{Device, Scenario, World, WorldLimits};
use mqtt_playground::time::{Duration, Instant};
use mqtt_playground::trace::Trace;

/// Records after which a kept trace is begun anew.
const RECORDS: usize = 200_000;

pub struct Run {
    world: World,
    trace: Trace,
    records: u64,
    keeps: bool,
}

/// `clients` clients that hear themselves over the broker.
#[must_use]
pub fn echoes(clients: u32) -> Scenario {
    let text = "[[client]]\nname = \"c\"\nsubscriptions = [\"t\"]\npath = { latency = \"5 ms\", loss = \"1 %\" }\n[[device]]\nclient = \"c\"\nsignal = \"steps\"\nvalues = [21.5]\ntopic = \"t\"\nstart = \"5 s\"\nevery = \"1 s\"\n";
    let mut scenario = Scenario::parse("echoes", text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    let pattern = scenario.clients.remove(0);
    let apart = Duration::from_micros(1_000_000 / u64::from(clients));
    let mut after = Duration::ZERO;
    for number in 0..clients {
        let mut spec = pattern.clone();
        let topic = format!("site/{}/device/{number}/temperature", number % 20);
        spec.name = format!("device-{number}");
        spec.config.client_id = ClientId::new(spec.name.clone());
        spec.config.subscriptions[0].subscription.filter = TopicFilter::try_from(ByteString::from(topic.as_str())).unwrap();
        let topic = TopicName::try_from(ByteString::from(topic)).unwrap();
        spec.devices = vec![Device { topic, start: Instant::from_secs(5) + after, ..spec.devices[0].clone() }];
        spec.connect_at = Some(Instant::ZERO + after);
        after = after + apart;
        scenario.clients.push(spec);
    }
    scenario
}

impl Run {
    /// All clients are connected and have subscribed. A trace that is not kept only counts.
    #[must_use]
    pub fn new(clients: u32, keeps: bool) -> Self {
        let scenario = Arc::new(echoes(clients));
        let limits = WorldLimits { events: u64::MAX, ..WorldLimits::default() };
        let world = World::with_limits(&scenario, scenario.seed, limits);
        let mut run = Self { trace: Trace::new(scenario.nodes(), 3_000_000), world, records: 0, keeps };
        while run.world.now() < Instant::from_secs(7) {
            assert!(run.world.step(&mut run.trace));
        }
        run.renew();
        run
    }

    fn renew(&mut self) {
        let empty = Trace::new(self.trace.nodes().to_vec(), 3_000_000);
        self.trace = if self.keeps { empty } else { empty.replay_from(0) };
    }

    /// Handles so many events and gives how many records that made.
    pub fn run(&mut self, events: u64) -> u64 {
        let mut records = 0;
        for _ in 0..events {
            assert!(self.world.step(&mut self.trace));
            if self.trace.len() >= RECORDS {
                records += self.trace.len() as u64;
                self.renew();
            }
        }
        records += self.trace.len() as u64;
        self.renew();
        self.records += records;
        records
    }

    /// Messages that were given to clients so far cannot be told without a trace; the virtual time can.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.world.now()
    }
}

/// What JavaScript calls: one run at a time.
#[cfg(target_arch = "wasm32")]
mod exports {
    use std::cell::RefCell;

    use super::Run;

    thread_local! {
        static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
    }

    #[unsafe(no_mangle)]
    pub extern "C" fn run_new(clients: u32, keeps: u32) {
        RUN.set(None);
        RUN.set(Some(Run::new(clients, keeps == 1)));
    }

    /// Handles so many events and gives how many records that made.
    #[unsafe(no_mangle)]
    pub extern "C" fn run_steps(events: u32) -> u32 {
        RUN.with_borrow_mut(|run| run.as_mut().unwrap().run(u64::from(events)) as u32)
    }

    /// Virtual microseconds.
    #[unsafe(no_mangle)]
    pub extern "C" fn run_now() -> f64 {
        RUN.with_borrow(|run| run.as_ref().unwrap().now().as_micros() as f64)
    }
}
