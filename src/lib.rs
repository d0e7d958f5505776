//! MQTT Playground: a broker, clients and the network between them on one virtual clock.
pub mod link;
pub mod packet;
pub mod time;
pub mod rng;
pub mod ratio;
pub mod text;
