//! What is measured.

mod accept;
mod burst;
mod chats;
mod cold_start;
mod hang;
mod idle_memory;
mod kill;
mod known_chats;
mod latency;
mod slow_callback;
mod streaming;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::subject::Subject;
use crate::trial::Trial;

#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scenario {
    /// From the start of the process to the first message that is accepted, and answered
    ColdStart,
    /// Memory of a gateway that has nothing to do, with 1, 10 and 100 channels
    IdleMemory,
    /// One message after pauses
    Latency,
    /// 1, 16 and 64 chats, each of which waits for its answer
    Chats,
    /// 1, 16 and 64 chats, while no answer comes
    Accept,
    /// Memory for each chat that is known and silent
    KnownChats,
    /// Answers of 200 and 5,000 deltas
    Streaming,
    /// A streamed answer to a callback address that is slow and refuses
    SlowCallback,
    /// One channel that hangs beside another
    Hang,
    /// 400 messages at once
    Burst,
    /// `kill -9` with 200 accepted messages
    Kill,
}

impl Scenario {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::ColdStart => "Cold start",
            Self::IdleMemory => "Idle memory",
            Self::Latency => "One message on an idle gateway",
            Self::Chats => "Chats that wait for their answers",
            Self::Accept => "Acceptance alone",
            Self::KnownChats => "Known chats",
            Self::Streaming => "Streaming",
            Self::SlowCallback => "Streaming to a slow callback",
            Self::Hang => "One channel hangs",
            Self::Burst => "Burst of 400",
            Self::Kill => "kill -9 with 200 accepted",
        }
    }

    pub(crate) fn subjects(self) -> &'static [Subject] {
        use Subject::{Forwarder, Original, Ours, OursPython};
        match self {
            Self::Chats | Self::Accept | Self::Latency => &Subject::ALL,
            Self::ColdStart | Self::IdleMemory | Self::Streaming => {
                &[Forwarder, Ours, OursPython, Original]
            }
            Self::Burst => &[Forwarder, Ours, OursPython, Original],
            Self::KnownChats | Self::SlowCallback | Self::Hang | Self::Kill => {
                &[Ours, OursPython, Original]
            }
        }
    }

    pub(crate) async fn run(self, trial: &mut Trial<'_>) -> anyhow::Result<()> {
        match self {
            Self::ColdStart => cold_start::run(trial).await,
            Self::IdleMemory => idle_memory::run(trial).await,
            Self::Latency => latency::run(trial).await,
            Self::Chats => chats::run(trial).await,
            Self::Accept => accept::run(trial).await,
            Self::KnownChats => known_chats::run(trial).await,
            Self::Streaming => streaming::run(trial).await,
            Self::SlowCallback => slow_callback::run(trial).await,
            Self::Hang => hang::run(trial).await,
            Self::Burst => burst::run(trial).await,
            Self::Kill => kill::run(trial).await,
        }
    }
}

/// So many chats, for names of figures.
fn counted(chats: usize) -> String {
    if chats == 1 { "1 chat".to_owned() } else { format!("{chats} chats") }
}
