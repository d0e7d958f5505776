//! The page: what Trunk builds.

fn main() {
    mqtt_playground::web::run();
}
