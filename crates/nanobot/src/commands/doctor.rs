mod channels;
mod config;
mod finding;
mod gateway;
mod home;
mod ledger;
mod machine;
mod model;
mod print;
mod section;

use crate::catalog::Catalog;
use crate::cli::DoctorArgs;
use crate::exit::Outcome;
use crate::instance::Instance;
use crate::terminal::PassingLine;
use crate::{logging, output, runtime};
use finding::{Area, Level, Report};

pub(crate) fn run(args: DoctorArgs) -> anyhow::Result<Outcome> {
    let instance = Instance::for_config(args.config)?;
    logging::start(&instance.environment, logging::QUIET)?;
    runtime::interruptible(async {
        let report = Report::new(examine(&instance).await);
        if args.json {
            output::json(&report)?;
        } else {
            print::print(&report)?;
        }
        Ok(match report.verdict {
            Level::Problem => Outcome::Failure,
            Level::Ok | Level::Warning => Outcome::Success,
        })
    })
}

/// Looks at everything that can be looked at: what needs the config is left out without one.
async fn examine(instance: &Instance) -> Vec<Area> {
    let mut at_work = PassingLine::for_terminal();
    let mut step = |what: &str| at_work.show(format_args!("Looking at {what}…"));
    step("the config");
    let loaded = instance.load();
    let mut areas = vec![Area::new("config", config::check(instance, &loaded))];
    areas.push(Area::new("data", home::check(instance)));
    step("the gateway");
    let (findings, gateway) = gateway::check(instance).await;
    areas.push(Area::new("gateway", findings));
    step("the ledger");
    areas.push(Area::new("ledger", ledger::check(instance, gateway.as_ref()).await));
    if let Ok(loaded) = &loaded {
        let catalog = Catalog::find_by(&loaded.config.plugins, instance);
        step("the channels");
        let findings = channels::check(instance, &loaded.config, &catalog, gateway.as_ref()).await;
        areas.push(Area::new("channels", findings));
        step("the model");
        areas.push(Area::new("model", model::check(instance, &loaded.config).await));
        step("this machine");
        let findings = machine::check(instance, &loaded.config, &catalog).await;
        areas.push(Area::new("machine", findings));
    }
    at_work.clear();
    areas
}
