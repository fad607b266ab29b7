//! Behaviour of the configuration file, seen from outside.

#[cfg(test)]
mod channels;
#[cfg(test)]
mod editing;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod loading;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod overrides;
#[cfg(test)]
mod saving;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod spellings;
#[cfg(test)]
mod support;
#[cfg(test)]
mod variables;
