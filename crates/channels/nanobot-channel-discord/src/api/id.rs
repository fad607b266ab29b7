use std::fmt;
use std::str::FromStr;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Milliseconds from 1970 to the first second of 2015, where Discord's ids begin.
const EPOCH_MS: u64 = 1_420_070_400_000;

/// An id of Discord: a number in a string, ordered by time.
/// See [Discord/snowflakes](https://docs.discord.com/developers/reference#snowflakes).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(pub(crate) u64);

impl Id {
    /// The first id of a moment in milliseconds since 1970.
    pub(crate) fn at(time_ms: u64) -> Self {
        Self(time_ms.saturating_sub(EPOCH_MS) << 22)
    }

    /// When it was made, in milliseconds since 1970.
    pub(crate) fn time_ms(self) -> u64 {
        (self.0 >> 22) + EPOCH_MS
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Id {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom("an id that is no number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_tells_its_time() {
        // The example of the documentation.
        let id: Id = "175928847299117063".parse().unwrap();
        assert_eq!(id.time_ms(), 1_462_015_105_796);
        assert!(Id::at(id.time_ms()) <= id && id < Id::at(id.time_ms() + 1));
    }
}
