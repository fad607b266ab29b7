//! HTTP as this program needs it: small requests over connections that stay open.

mod client;
mod server;

pub(crate) use client::{Connection, Pool};
pub(crate) use server::{Body, Server, whole};
