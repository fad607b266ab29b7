//! What every engine of the ledger must do: each test runs on each engine.
#![expect(clippy::unwrap_used, reason = "these are tests, although a macro marks them as such")]

#[path = "../support/mod.rs"]
mod support;

mod deliveries;
mod engine;
mod inbox;
mod sessions;
mod turns;
mod usage;

/// Makes a test of each function for each engine.
macro_rules! on_every_engine {
    ($($module:ident: $($test:ident),* $(,)?;)*) => {
        mod memory {
            $($(
                #[tokio::test]
                async fn $test() {
                    crate::$module::$test(crate::engine::memory().await).await;
                }
            )*)*
        }
        mod sqlite {
            $($(
                #[tokio::test]
                async fn $test() {
                    crate::$module::$test(crate::engine::sqlite().await).await;
                }
            )*)*
        }
    };
}

on_every_engine! {
    inbox:
        messages_of_a_session_are_claimed_one_at_a_time_and_in_order,
        an_event_id_is_accepted_once_for_each_channel,
        an_event_id_is_known_after_its_message_is_done,
        a_released_message_is_claimed_again_before_later_ones,
        a_full_backlog_is_refused_and_loses_nothing,
        a_refused_message_can_be_offered_again_with_its_event_id,
        room_is_made_by_claiming_and_taken_again_by_releasing,
        a_session_waits_until_its_last_message_is_claimed,
        waiting_messages_can_be_discarded_but_not_the_claimed_one,
        a_claim_carries_the_message_as_it_was_accepted,
        messages_without_an_answer_are_listed_oldest_first;
    turns:
        a_turn_that_is_committed_twice_counts_once,
        a_message_that_was_given_back_can_still_be_committed,
        a_turn_without_a_message_adds_to_the_session,
        a_turn_can_answer_messages_that_wait_behind_its_own,
        a_message_that_joined_a_turn_waits_until_the_turn_is_committed,
        a_checkpoint_is_handed_out_with_the_message_until_it_is_done,
        a_trace_tells_each_step_of_a_message,
        a_trace_of_something_unknown_is_none;
    deliveries:
        a_delivery_waits_until_it_is_settled,
        a_try_is_counted_and_shown_to_the_next,
        a_failed_try_says_whether_the_platform_may_have_the_message,
        a_settled_delivery_is_not_begun_again,
        a_held_delivery_waits_for_a_person,
        a_delivery_of_unknown_outcome_that_a_person_retries_is_marked_instead,
        a_dead_delivery_is_kept_and_can_be_tried_again,
        a_dropped_delivery_is_not_delivered,
        a_delivery_that_arrived_after_it_was_dropped_is_delivered,
        deliveries_are_listed_by_state_newest_first_and_in_pages,
        what_names_nothing_changes_nothing;
    sessions:
        sessions_are_listed_by_key_and_in_pages,
        a_history_is_read_in_pieces,
        a_deleted_session_is_forgotten_but_its_messages_wait,
        a_session_is_imported_once_and_never_overwritten,
        an_exported_session_can_be_imported_elsewhere,
        a_directory_of_session_files_is_imported_and_can_be_again,
        a_file_that_is_known_is_not_imported_again,
        after_closing_every_call_fails;
    usage:
        usage_is_added_up_by_day_channel_and_model,
        days_are_counted_by_the_clock_of_the_query,
        a_session_knows_its_last_turn_and_its_total,
        a_turn_that_is_committed_twice_is_paid_once;
}
