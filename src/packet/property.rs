//! Properties (5.0 §2.2.2).

use bytestring::ByteString;

/// User Properties: name and value pairs in their order, names may repeat (5.0 §2.2.2.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UserProperties(pub Vec<(ByteString, ByteString)>);

impl UserProperties {
    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pairs in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}
