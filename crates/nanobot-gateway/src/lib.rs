//! The gateway: intake, scheduler, delivery, supervision and control.
