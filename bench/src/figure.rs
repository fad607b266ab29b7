use serde::{Deserialize, Serialize};

/// One measured value.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Figure {
    pub(crate) name: String,
    pub(crate) unit: Unit,
    pub(crate) value: f64,
}

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Unit {
    Milliseconds,
    Microseconds,
    Megabytes,
    Kilobytes,
    PerSecond,
    CpuSeconds,
    /// Of something that should not be there.
    Faults,
    /// Of something that is neither good nor bad.
    Pieces,
}

impl Unit {
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Milliseconds => " ms",
            Self::Microseconds => " µs",
            Self::Megabytes => " MB",
            Self::Kilobytes => " kB",
            Self::PerSecond => "/s",
            Self::CpuSeconds => " s",
            Self::Faults | Self::Pieces => "",
        }
    }

    /// How many times better one value is than another; `None` where a ratio says nothing.
    pub(crate) fn advantage(self, ours: f64, other: f64) -> Option<f64> {
        let ratio = match self {
            Self::Faults | Self::Pieces => return None,
            Self::PerSecond => ours / other,
            _ => other / ours,
        };
        (ratio.is_finite() && ratio > 0.0).then_some(ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_time_and_more_messages_are_better() {
        assert_eq!(Unit::Milliseconds.advantage(2.0, 10.0), Some(5.0));
        assert_eq!(Unit::PerSecond.advantage(100.0, 10.0), Some(10.0));
        assert_eq!(Unit::Faults.advantage(0.0, 10.0), None);
        assert_eq!(Unit::Kilobytes.advantage(0.0, 10.0), None);
    }
}
