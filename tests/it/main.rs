//! One test binary. Each module is `cfg(test)`, so that clippy knows that it may fail by panicking.

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod frozen;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod log;
#[cfg(test)]
mod log_attacks;
#[cfg(test)]
mod log_formats;
#[cfg(test)]
mod log_race;
#[cfg(test)]
mod log_support;
#[cfg(test)]
mod register;
#[cfg(test)]
mod register_crash;
#[cfg(test)]
mod register_refused;
#[cfg(test)]
mod register_warnings;
#[cfg(test)]
mod store;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod vectors;
