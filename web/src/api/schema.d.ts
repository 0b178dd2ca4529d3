// Written by `make docs` from openapi.json. Do not edit.

export interface paths {
    "/api/v1/access/installation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Installation
         * @description What is installed and what it uses: versions, storage, processes (owners and members).
         */
        get: operations["access_show_installation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/access/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Keys
         * @description The project's API keys, without their secrets.
         */
        get: operations["access_keys"];
        put?: never;
        /**
         * Create Key
         * @description Make an API key (owners). The secret is in this answer and nowhere else.
         */
        post: operations["access_create_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/access/keys/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Key
         * @description A live key by its name, prefix or id.
         */
        get: operations["access_get_key"];
        put?: never;
        post?: never;
        /**
         * Revoke Key
         * @description Revoke a key, named by its name, prefix or id (owners).
         */
        delete: operations["access_revoke_key"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/access/keys/{name}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate Key
         * @description Give a key another secret (owners), which is in this answer and nowhere else. Name, scope, limits, budgets and
         *     ledger go on.
         */
        post: operations["access_rotate_key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/access/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change Password
         * @description Change one's own password. One's other sessions end.
         */
        put: operations["access_change_password"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/access/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Projects
         * @description The projects that the caller may see: an owner all of them, others their own.
         */
        get: operations["access_projects"];
        put?: never;
        /**
         * Create Project
         * @description Make a project (owners).
         */
        post: operations["access_create_project"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/access/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Session
         * @description Who is signed in, the project they look at, and those they may change to. 401 where nobody is.
         */
        get: operations["access_session"];
        /**
         * Switch Project
         * @description Look at another project from now on.
         */
        put: operations["access_switch_project"];
        /**
         * Sign In
         * @description Sign in: the answer sets the cookie of the session. 429 after too many failed attempts.
         */
        post: operations["access_sign_in"];
        /**
         * Sign Out
         * @description Sign out: this session ends at once.
         */
        delete: operations["access_sign_out"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/access/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Users
         * @description Everybody who can sign in (owners).
         */
        get: operations["access_users"];
        put?: never;
        /**
         * Create User
         * @description Make an account (owners). A password that Vong chose is in this answer and nowhere else.
         */
        post: operations["access_create_user"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/access/users/{email}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove User
         * @description Delete an account and end its sessions (owners). The last owner stays.
         */
        delete: operations["access_remove_user"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/access/users/{email}/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Reset Password
         * @description Give somebody another password and end their sessions (owners): for a password that was lost.
         */
        put: operations["access_reset_password"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data/datasets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Datasets
         * @description The newest version of every dataset, by name; `after` is the last name of the page before.
         */
        get: operations["data_datasets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data/datasets/{name}/graph": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Version Graph
         * @description The newest 200 versions of a dataset and what each was made from, versions of other datasets too.
         */
        get: operations["data_version_graph"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data/datasets/{name}/rows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Append Rows
         * @description Add rows: the next version of the dataset has them too, without those it has already.
         */
        post: operations["data_append_rows"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data/datasets/{name}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Versions
         * @description The versions of a dataset, newest first; `after` is the last number of the page before.
         */
        get: operations["data_versions"];
        put?: never;
        /**
         * Import Files
         * @description Upload files and import them as the dataset's next version. The job's result has its ref.
         */
        post: operations["data_import_files"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Diff
         * @description What differs between two versions: the counts, and the first differing rows, of one kind where it is named.
         */
        get: operations["data_diff"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Preview Files
         * @description Look at files, or at their beginnings, before an import: format, columns and first rows. Nothing is kept.
         */
        post: operations["data_preview_files"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data/versions/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Version
         * @description One version: NAME (the newest), NAME@NUMBER or NAME@HASH.
         */
        get: operations["data_version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data/versions/{ref}/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Changes
         * @description Every change that cleaning or editing made, by row.
         */
        get: operations["data_changes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data/versions/{ref}/clean": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Clean
         * @description Clean a version into a new one. The job's result has its ref and the count of each change.
         */
        post: operations["data_clean"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data/versions/{ref}/profile": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Profile
         * @description Look at the health of a version. The report is kept beside it.
         */
        post: operations["data_profile"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data/versions/{ref}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Report
         * @description The newest health report of a version.
         */
        get: operations["data_report"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data/versions/{ref}/rows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Rows
         * @description The rows after number `after` which fit: by split, text, metadata, label and origin.
         */
        get: operations["data_rows"];
        put?: never;
        /**
         * Edit Rows
         * @description Change rows, or take out those whose `example` is null: the next version. A conflict where REF is not newest.
         */
        post: operations["data_edit_rows"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data/versions/{ref}/rows/count": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count Rows
         * @description How many rows fit.
         */
        get: operations["data_count_rows"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data/versions/{ref}/split": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Split
         * @description Split a version into a new one. The job's result has its ref and the rows of each split.
         */
        post: operations["data_split"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Compare
         * @description Run `b` against run `a` on the same examples: differences, intervals, exact tests, and what changed.
         */
        get: operations["evals_compare"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Runs
         * @description The project's runs, newest first.
         */
        get: operations["evals_runs"];
        put?: never;
        /**
         * Run
         * @description Evaluate a model on a dataset split. The run goes on in a job.
         */
        post: operations["evals_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show
         * @description One run: its scores, how each was computed, latency and tokens.
         */
        get: operations["evals_show"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/runs/{id}/examples": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Examples
         * @description A run's answers by position: all, those that failed, or those whose text differs from another run's.
         */
        get: operations["evals_examples"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/scorers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Scorers
         * @description The scorers that are installed, with their options.
         */
        get: operations["evals_scorers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/experiments/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Compare
         * @description What differs between runs: settings, best and last figures; and their curves, thinned to that many points.
         */
        get: operations["experiments_compare"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/experiments/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Runs
         * @description The runs, newest first; `after` is the last id of the page before.
         */
        get: operations["experiments_runs"];
        put?: never;
        /**
         * Start
         * @description Begin a run whose figures you send yourself. (Our own trainer is started at training.)
         */
        post: operations["experiments_start"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/experiments/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Run
         * @description One run with its settings, best and last figures and warnings.
         */
        get: operations["experiments_run"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/experiments/runs/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events
         * @description Follow a run: its figures as they come, until it has ended. `Last-Event-ID` goes on where a stream broke.
         */
        get: operations["experiments_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/experiments/runs/{id}/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Finish
         * @description Say how a run ended.
         */
        post: operations["experiments_finish"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/experiments/runs/{id}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Metrics
         * @description The curves of a run, thinned to that many points each (LTTB: every point is a measured one).
         */
        get: operations["experiments_metrics"];
        put?: never;
        /**
         * Log
         * @description Write figures. A step that is sent again takes the newer values.
         */
        post: operations["experiments_log"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/feedback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Scores
         * @description The scores that fit, newest first; `after` is the id of the last score of the page before.
         */
        get: operations["feedback_scores"];
        put?: never;
        /**
         * Add
         * @description Score an answer by its span: a value, a comment, a correction. The same id again is the same score.
         */
        post: operations["feedback_add"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/feedback/harvest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Preview
         * @description What a harvest would give: its counts, the disagreements, and the newest 50 examples, newest first.
         */
        get: operations["feedback_preview"];
        put?: never;
        /**
         * Harvest
         * @description Make corrections and good answers into rows of the dataset's next version.
         */
        post: operations["feedback_harvest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/feedback/inbox": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Inbox
         * @description The scores that fit, newest first, each beside the span that it judges.
         */
        get: operations["feedback_inbox"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/feedback/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Summary
         * @description What the scores that fit say together, for each combination of the fields in `by`: mean and 95 % interval.
         */
        get: operations["feedback_summary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/batches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Batches
         * @description Batches with what their calls cost so far, newest first; `after` is the last id of the page before.
         */
        get: operations["gateway_list_batches"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/batches/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Batch
         * @description One batch. Its job has the same id.
         */
        get: operations["gateway_get_batch"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/batches/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel Batch
         * @description End a batch: one that waits at once, one that runs within seconds, with the files of what is answered.
         */
        post: operations["gateway_cancel_batch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/cache": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Cache
         * @description What is kept of each route's answers, how often it was given again, and how often wrongly.
         */
        get: operations["gateway_cache"];
        put?: never;
        post?: never;
        /**
         * Clear Cache
         * @description Forget the kept answers of a route, or of all.
         */
        delete: operations["gateway_clear_cache"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/comparisons": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Comparisons
         * @description Answers that somebody got beside second ones that nobody did, newest first; `after` is a second one's span.
         */
        get: operations["gateway_comparisons"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/comparisons/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Compared Targets
         * @description What the newest 1,000 pairs say together, for each route, second target and kind.
         */
        get: operations["gateway_compared_targets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/guards": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Guards
         * @description The guards of all the project's calls.
         */
        get: operations["gateway_guards"];
        /**
         * Set Guards
         * @description Set the guards of all the project's calls; for owners. The same again changes nothing.
         */
        put: operations["gateway_set_guards"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/guards/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Guards History
         * @description How the project's guards stood, newest first.
         */
        get: operations["gateway_guards_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/guards/kinds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Guard Kinds
         * @description Every guard that is installed: what it does, and its settings as a JSON schema.
         */
        get: operations["gateway_guard_kinds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/guards/self-test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Self Test
         * @description Send a made-up card number every way through the gateway, now, and see whether it is masked on each.
         */
        get: operations["gateway_self_test"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/guards/try": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Try Guards
         * @description Hold a text against guards. Nothing is stored.
         */
        post: operations["gateway_try_guards"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/ledger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read Ledger
         * @description What calls used, by the append-only ledger: a month where no `since` is given; with a `bucket` over time.
         */
        get: operations["gateway_read_ledger"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/limits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Limits
         * @description Every limit and budget, with each subject that called in the present time.
         */
        get: operations["gateway_limits"];
        /**
         * Set Limit
         * @description Set a limit or a budget; for owners. One on the same subject, thing and time gets the new amount.
         */
        put: operations["gateway_set_limit"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/limits/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove Limit
         * @description Remove a limit with what it counted; for owners.
         */
        delete: operations["gateway_remove_limit"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Models
         * @description Every name that can be called: routes, deployments, and what the providers list.
         */
        get: operations["gateway_models"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Prices
         * @description Your own prices by target, from vong.toml and stored; published ones hold for all other targets.
         */
        get: operations["gateway_prices"];
        /**
         * Set Price
         * @description Say what a target costs, in US dollars for a million tokens; for owners. It wins over vong.toml and over the
         *     published price, from the next calls on.
         */
        put: operations["gateway_set_price"];
        post?: never;
        /**
         * Remove Price
         * @description Forget a stored price; for owners. That of vong.toml holds again, or the published one.
         */
        delete: operations["gateway_remove_price"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Providers
         * @description Every provider, without its key. With `probe` each is asked whether it answers at this moment.
         */
        get: operations["gateway_providers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/providers/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Provider
         * @description One provider, without its key; it is not asked.
         */
        get: operations["gateway_get_provider"];
        /**
         * Put Provider
         * @description Make a provider or change it; for owners. `api_key` is written and never read back: left out it stays as it is,
         *     null removes it.
         */
        put: operations["gateway_put_provider"];
        post?: never;
        /**
         * Delete Provider
         * @description Remove a stored provider with its secret; for owners.
         */
        delete: operations["gateway_delete_provider"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/providers/{name}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Test Provider
         * @description Ask a provider for its models: whether it is reachable, how fast, what it offers, or why not.
         */
        post: operations["gateway_test_provider"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/routes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Routes
         * @description The project's routes by name.
         */
        get: operations["gateway_list_routes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/routes/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Route
         * @description One route.
         */
        get: operations["gateway_get_route"];
        /**
         * Put Route
         * @description Make a route or give it new targets and a policy for when they fail. The same again changes nothing.
         */
        put: operations["gateway_put_route"];
        post?: never;
        /**
         * Delete Route
         * @description Remove a route; its history stays.
         */
        delete: operations["gateway_delete_route"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/routes/{name}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * History
         * @description Every version of a route, newest first; one without targets is its deletion.
         */
        get: operations["gateway_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/targets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Targets
         * @description How each target of the project's routes stands, as the server process sees it that answers: its circuit, calls
         *     under way and waiting, and how long it takes lately.
         */
        get: operations["gateway_targets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Usage
         * @description Calls, errors, tokens, cost and latencies over time, and in all by group: for charts and for bills. By user and
         *     tag it is read from the ledger, which knows no latencies.
         */
        get: operations["gateway_usage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Jobs
         * @description The project's jobs, newest first; `after` is the last id of the page before.
         */
        get: operations["jobs_list_jobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show
         * @description A job as it stands.
         */
        get: operations["jobs_show"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel
         * @description Cancel a job: a queued one at once, a running one within seconds.
         */
        post: operations["jobs_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events
         * @description A job live: its progress and its log, to its end. An event's id is where a broken stream goes on.
         */
        get: operations["jobs_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Log
         * @description A job's log from line `after` + 1 on.
         */
        get: operations["jobs_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry
         * @description Queue a failed or cancelled job again; its finished steps are kept.
         */
        post: operations["jobs_retry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Bases
         * @description The project's knowledge bases.
         */
        get: operations["knowledge_bases"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/ask": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ask
         * @description Answer a question with numbered citations, or say that nothing fits.
         */
        post: operations["knowledge_ask"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/documents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Documents
         * @description The documents of a base; failed ones say why.
         */
        get: operations["knowledge_documents"];
        put?: never;
        /**
         * Add Documents
         * @description Upload files into a base, made by this where it is new. The job's result lists each document and its state.
         */
        post: operations["knowledge_add_documents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/documents/{path}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove Document
         * @description Delete a document and its passages.
         */
        delete: operations["knowledge_remove_document"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search
         * @description The passages that fit a question, with their scores in both searches.
         */
        get: operations["knowledge_search"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/documents/{document_id}/chunks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Chunks
         * @description The passages of a document in reading order.
         */
        get: operations["knowledge_chunks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/canaries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Canaries
         * @description The project's canaries, newest first, without their trails.
         */
        get: operations["loop_canaries"];
        put?: never;
        /**
         * Start Canary
         * @description Start a canary on a route.
         */
        post: operations["loop_start_canary"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/canaries/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Canary
         * @description One canary with its evidence and how that grew.
         */
        get: operations["loop_canary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/canaries/{id}/decide": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decide
         * @description Promote or roll back by hand.
         */
        post: operations["loop_decide"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/canaries/{id}/evaluate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Evaluate
         * @description Count every score that has come, and decide where they prove enough. (It happens by itself on every score.)
         */
        post: operations["loop_evaluate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/canaries/{id}/share": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Change Share
         * @description Give the candidate another share: the canary that follows, its test begun anew.
         */
        put: operations["loop_change_share"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Overview
         * @description How every stage of the loop stands, what happened lately, and the next step that is worth taking.
         */
        get: operations["loop_show_overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/turns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Turns
         * @description The project's turns, newest first.
         */
        get: operations["loop_list_turns"];
        put?: never;
        /**
         * Start Turn
         * @description Run a whole turn of the loop as a job; its result is the report.
         */
        post: operations["loop_start_turn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/turns/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Show Turn
         * @description One turn: how far it is, and once it is finished its report as the result.
         */
        get: operations["loop_show_turn"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/lineage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lineage
         * @description Both ways from an answer (a span's id), a model, a dataset (their refs) or a row (`row:HASH`).
         */
        get: operations["registry_lineage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Models
         * @description The models by name, each with its newest version and its aliases; `after` is the last name of the page before.
         */
        get: operations["registry_models"];
        put?: never;
        /**
         * Import Model
         * @description Import a base model. The job's result has the refs `model` and, for a GGUF, `gguf`.
         */
        post: operations["registry_import_model"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/models/{name}/aliases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Aliases
         * @description Where a model's aliases point now, or with `history` every move, newest first.
         */
        get: operations["registry_aliases"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/models/{name}/aliases/{alias}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set Alias
         * @description Point an alias at a version. `prod` moves only with evidence or a reason.
         */
        put: operations["registry_set_alias"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/models/{name}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Versions
         * @description The versions of a model, newest first; `after` is the last number of the page before.
         */
        get: operations["registry_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/versions/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Version
         * @description One version: NAME (the newest), NAME@NUMBER, NAME@HASH or NAME:ALIAS.
         */
        get: operations["registry_version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/serving/deployments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Deployments
         * @description The project's deployments by name, those after `after`.
         */
        get: operations["serving_deployments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/serving/deployments/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Deployment
         * @description One deployment: what is wanted, how it stands and why, its process, and its parity check.
         */
        get: operations["serving_deployment"];
        /**
         * Deploy
         * @description Serve a model under that name. A tuned model answers once its parity check has passed: see the job.
         */
        put: operations["serving_deploy"];
        post?: never;
        /**
         * Stop
         * @description Serve it no more.
         */
        delete: operations["serving_stop"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/serving/deployments/{name}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Log
         * @description The end of its engine's log.
         */
        get: operations["serving_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/serving/deployments/{name}/restart": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Restart
         * @description Start its engine process anew, its failures forgiven.
         */
        post: operations["serving_restart"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/facets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Facets
         * @description What the spans of the last seven days can be filtered by: routes, models, kinds, statuses and keys.
         */
        get: operations["traces_facets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/spans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Spans
         * @description The spans that match, newest first, without their bodies, with the counts of their scores.
         */
        get: operations["traces_spans"];
        put?: never;
        /**
         * Ingest
         * @description Store spans that another program measured. Answered when they are committed; known ones stay as they are.
         */
        post: operations["traces_ingest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/spans/count": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count
         * @description How many spans match. With `at_most` counting ends there.
         */
        get: operations["traces_count"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/spans/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Events
         * @description Spans live, as they are stored: those that match and arrive from now on, or after an event of the last hour.
         */
        get: operations["traces_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/spans/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Span
         * @description One span with its input and output.
         */
        get: operations["traces_span"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/traces/{trace_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Trace
         * @description All spans of a trace as trees, with offsets from its start.
         */
        get: operations["traces_trace"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/training/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Plan
         * @description What a run would take: steps, tokens, time and memory. Nothing is started.
         */
        post: operations["training_plan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/training/recipes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Recipes
         * @description The ways of training, each with the JSON schema of its settings.
         */
        get: operations["training_recipes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/training/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start
         * @description Start a run. Its job's result has the ref of the model (`model`) and the figures (`summary`).
         */
        post: operations["training_start"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Health
         * @description 200 while the server can work, 503 while its database does not answer.
         */
        get: operations["health_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Prometheus
         * @description Counters and histograms in Prometheus' text format.
         */
        get: operations["health_prometheus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Account
         * @description Who is signed in.
         */
        Account: {
            /** Email */
            email: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Role
             * @enum {string}
             */
            role: "owner" | "member" | "viewer";
        };
        /**
         * AliasMove
         * @description One move of an alias: the version it points at since then, why, and who moved it.
         */
        AliasMove: {
            /** Alias */
            alias: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Evidence
             * @default {}
             */
            evidence: {
                [key: string]: unknown;
            };
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Model */
            model: string;
            /** Moved By */
            moved_by?: string | null;
            /** Name */
            name: string;
            /** Reason */
            reason?: string | null;
        };
        /**
         * AliasWanted
         * @description Where the alias shall point (a ref, a number or a hash), and why.
         */
        AliasWanted: {
            /**
             * Evidence
             * @default {}
             */
            evidence: {
                [key: string]: unknown;
            };
            /** Model */
            model: string;
            /** Reason */
            reason?: string | null;
        };
        /**
         * Answer
         * @description An answer with what it rests on. `answered` is False where nothing fits; `unsupported` lists its sentences that
         *     no passage supports: read those with care.
         */
        Answer: {
            /** Answered */
            answered: boolean;
            /**
             * Citations
             * @default []
             */
            citations: components["schemas"]["Citation"][];
            /** Index Version */
            index_version: string;
            /** Model */
            model?: string | null;
            /**
             * Passages
             * @default []
             */
            passages: components["schemas"]["Passage"][];
            /** Question */
            question: string;
            /** Span Id */
            span_id?: string | null;
            /** Text */
            text: string;
            /**
             * Unsupported
             * @default []
             */
            unsupported: string[];
        };
        /**
         * Base
         * @description A knowledge base. `index_version` is a hash of its documents, its chunk settings and its embedder.
         */
        Base: {
            /** Chunks */
            chunks: number;
            /** Documents */
            documents: number;
            /** Embedder */
            embedder: string;
            /** Index Version */
            index_version: string;
            /** Name */
            name: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
        };
        /**
         * Batch
         * @description Calls that nobody waits for, one in each line of a file. `completed` and `failed` ones are of `total`.
         *
         *     `input_tokens`, `output_tokens` and `cost` (in millionths of a US dollar, of the calls whose price is known; null
         *     where none is) are what the ledger has of its calls so far.
         */
        Batch: {
            /** Actor */
            actor: string;
            /** Cancelled At */
            cancelled_at?: string | null;
            /** Cancelling At */
            cancelling_at?: string | null;
            /**
             * Completed
             * @default 0
             */
            completed: number;
            /** Completed At */
            completed_at?: string | null;
            /** Cost */
            cost?: number | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Endpoint */
            endpoint: string;
            /** Error File */
            error_file?: string | null;
            /** Errors */
            errors?: components["schemas"]["BatchFault"][] | null;
            /** Expired At */
            expired_at?: string | null;
            /**
             * Expires At
             * Format: date-time
             */
            expires_at: string;
            /**
             * Failed
             * @default 0
             */
            failed: number;
            /** Failed At */
            failed_at?: string | null;
            /** Finalizing At */
            finalizing_at?: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** In Progress At */
            in_progress_at?: string | null;
            /**
             * Input File
             * Format: uuid
             */
            input_file: string;
            /**
             * Input Tokens
             * @default 0
             */
            input_tokens: number;
            /** Metadata */
            metadata?: {
                [key: string]: unknown;
            } | null;
            /** Output File */
            output_file?: string | null;
            /**
             * Output Tokens
             * @default 0
             */
            output_tokens: number;
            /**
             * Status
             * @enum {string}
             */
            status: "validating" | "failed" | "in_progress" | "finalizing" | "completed" | "expired" | "cancelling" | "cancelled";
            /**
             * Total
             * @default 0
             */
            total: number;
            /** Window */
            window: string;
        };
        /**
         * BatchFault
         * @description What is wrong with a batch's input: with a `line` of it (the first is 1), or with the whole.
         */
        BatchFault: {
            /** Code */
            code: string;
            /** Line */
            line?: number | null;
            /** Message */
            message: string;
            /** Param */
            param?: string | null;
        };
        /** Body_data_import_files */
        Body_data_import_files: {
            /** File */
            file: string[];
            /** Format */
            format?: string | null;
            /**
             * On Error
             * @default stop
             * @enum {string}
             */
            on_error: "stop" | "skip";
            /**
             * Options
             * @description The format's options as a JSON object.
             */
            options?: string | null;
        };
        /** Body_data_preview_files */
        Body_data_preview_files: {
            /** File */
            file: string[];
            /** Format */
            format?: string | null;
            /**
             * Limit
             * @default 20
             */
            limit: number;
            /**
             * Options
             * @description The format's options as a JSON object.
             */
            options?: string | null;
        };
        /** Body_knowledge_add_documents */
        Body_knowledge_add_documents: {
            /** Files */
            files: string[];
        };
        /**
         * Breaker
         * @description When a target rests: after `failures` within `window` seconds it is passed over for `pause` seconds, then one
         *     call tries it. Five in 30 s is more than chance and fewer than a crowd of callers would wait for.
         */
        Breaker: {
            /**
             * Failures
             * @default 5
             */
            failures: number;
            /**
             * Pause
             * @default 15
             */
            pause: number;
            /**
             * Window
             * @default 30
             */
            window: number;
        };
        /**
         * CacheState
         * @description What is kept for one route. `hits` counts answers given again; `saved_tokens` what they would have used. Of the
         *     `checked` semantic hits so many were `false`; `false_low` and `false_high` bound their rate (95 %, Wilson).
         */
        CacheState: {
            /** Bytes */
            bytes: number;
            /** Checked */
            checked: number;
            /** Entries */
            entries: number;
            /** False */
            false: number;
            /** False High */
            false_high?: number | null;
            /** False Low */
            false_low?: number | null;
            /** Hits */
            hits: number;
            /** Route */
            route: string;
            /** Saved Tokens */
            saved_tokens: number;
        };
        /**
         * Caching
         * @description When a route answers from what it answered before.
         *
         *     `exact`: the same request to the same version of the same model. `semantic`: a chat that differs in its last
         *     message only, whose meaning is as near as `threshold` (cosine of the embeddings). `scope` says who shares answers:
         *     the project, or each key or user alone. `ttl` in seconds. Of the semantic hits the share `checked` is answered anew
         *     behind the caller's back, and counted as false where the two answers agree less than `agreement`.
         */
        Caching: {
            /**
             * Agreement
             * @default 0.8
             */
            agreement: number;
            /**
             * Checked
             * @default 0.05
             */
            checked: number;
            /**
             * Mode
             * @default exact
             * @enum {string}
             */
            mode: "exact" | "semantic";
            /**
             * Scope
             * @default project
             * @enum {string}
             */
            scope: "project" | "key" | "user";
            /**
             * Threshold
             * @default 0.95
             */
            threshold: number;
            /**
             * Ttl
             * @default 3600
             */
            ttl: number;
        };
        /**
         * CallableModel
         * @description A name for the `model` field of a request.
         */
        CallableModel: {
            /** Name */
            name: string;
        };
        /**
         * Canary
         * @description A canary on a route. `before` are the route's targets as they were, `route_version` the version with the share in
         *     it: only answers given under that version count. `model` is the model version that answered as the candidate.
         *     `decided_by` is `evidence` or the name of the key of the person who decided.
         */
        Canary: {
            /** Alpha */
            alpha: number;
            /** Before */
            before: components["schemas"]["Target"][];
            /** Candidate */
            candidate: string;
            /** Decided At */
            decided_at?: string | null;
            /** Decided By */
            decided_by?: string | null;
            evidence: components["schemas"]["Evidence"];
            /**
             * Goal
             * @enum {string}
             */
            goal: "better" | "not_worse";
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Margin */
            margin: number;
            /** Max Pairs */
            max_pairs: number;
            /** Metric */
            metric: string;
            /** Min Pairs */
            min_pairs: number;
            /** Model */
            model?: string | null;
            /** Reason */
            reason?: string | null;
            /** Route */
            route: string;
            /** Route Version */
            route_version: string;
            /** Share */
            share: number;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /**
             * Status
             * @enum {string}
             */
            status: "running" | "promoted" | "rolled_back" | "kept" | "superseded";
            /**
             * Trail
             * @default []
             */
            trail: components["schemas"]["TrailPoint"][];
        };
        /**
         * CanaryPlan
         * @description How the candidate is tried on live traffic.
         */
        CanaryPlan: {
            /**
             * Alpha
             * @default 0.05
             */
            alpha: number;
            /**
             * Margin
             * @default 0
             */
            margin: number;
            /**
             * Min Pairs
             * @default 10
             */
            min_pairs: number;
            /**
             * Share
             * @default 0.5
             */
            share: number;
        };
        /**
         * CanaryWanted
         * @description The canary to start: `share` of `route` goes to `candidate` until the scores named `metric` decide.
         *
         *     `goal`: promote when shown `better`, or when shown `not_worse` by more than `margin`. Shown worse by more than
         *     `margin`: roll back. `alpha` bounds the chance of any wrong decision.
         */
        CanaryWanted: {
            /**
             * Alpha
             * @default 0.05
             */
            alpha: number;
            /** Candidate */
            candidate: string;
            /**
             * Goal
             * @default better
             * @enum {string}
             */
            goal: "better" | "not_worse";
            /**
             * Margin
             * @default 0
             */
            margin: number;
            /**
             * Max Pairs
             * @default 500
             */
            max_pairs: number;
            /**
             * Metric
             * @default quality
             */
            metric: string;
            /**
             * Min Pairs
             * @default 10
             */
            min_pairs: number;
            /** Route */
            route: string;
            /**
             * Share
             * @default 0.1
             */
            share: number;
        };
        /**
         * Cap
         * @description How many calls a target gets at once from one server: `queue` more wait for at most `wait` seconds, then the next
         *     target is asked.
         */
        Cap: {
            /** At Once */
            at_once: number;
            /**
             * Queue
             * @default 0
             */
            queue: number;
            /**
             * Wait
             * @default 5
             */
            wait: number;
        };
        /**
         * Chunk
         * @description A passage of a document. `start` and `end` count characters of the document's extracted text; `heading` is the
         *     path of headings above it.
         */
        Chunk: {
            /**
             * Document Id
             * Format: uuid
             */
            document_id: string;
            /** End */
            end: number;
            /**
             * Heading
             * @default
             */
            heading: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Metadata
             * @default {}
             */
            metadata: {
                [key: string]: unknown;
            };
            /** Position */
            position: number;
            /** Start */
            start: number;
            /** Text */
            text: string;
        };
        /**
         * Citation
         * @description A passage that the answer rests on. `stated` where the model cited it itself, otherwise it was found by
         *     comparing the answer's sentences with the passages; `similarity` is that of the sentence and the passage.
         */
        Citation: {
            /** End */
            end: number;
            /** Heading */
            heading: string;
            /** Number */
            number: number;
            /** Path */
            path: string;
            /** Quote */
            quote: string;
            /** Similarity */
            similarity: number;
            /** Start */
            start: number;
            /** Stated */
            stated: boolean;
            /** Title */
            title: string;
        };
        /**
         * CleanSettings
         * @description What cleaning does; the default does all of it.
         *
         *     `tidy`: Unicode, control characters and blanks. `personal`: mask personal data, drop its rows, or keep it.
         *     `empty`: drop rows that ask or answer nothing. `conflicts`: within a group of near-duplicate inputs give each label
         *     its majority value, drop such groups, or keep them; `ties` says what happens where no value has a majority.
         *     `exact` and `near`: drop all but the first row of a group (near only where the answers agree too). `labels` are
         *     paths beside those found in the answers.
         */
        CleanSettings: {
            /**
             * Conflicts
             * @default majority
             * @enum {string}
             */
            conflicts: "majority" | "drop" | "keep";
            /**
             * Empty
             * @default drop
             * @enum {string}
             */
            empty: "drop" | "keep";
            /**
             * Exact
             * @default drop
             * @enum {string}
             */
            exact: "drop" | "keep";
            /**
             * Kinds
             * @default [
             *       "email",
             *       "iban",
             *       "card",
             *       "ip",
             *       "birth_date",
             *       "phone"
             *     ]
             */
            kinds: ("email" | "iban" | "card" | "ip" | "ssn" | "national_id" | "birth_date" | "phone")[];
            /**
             * Labels
             * @default []
             */
            labels: string[];
            /**
             * Near
             * @default drop
             * @enum {string}
             */
            near: "drop" | "keep";
            /**
             * Personal
             * @default mask
             * @enum {string}
             */
            personal: "mask" | "drop" | "keep";
            /**
             * Threshold
             * @default 0.8
             */
            threshold: number;
            /**
             * Tidy
             * @default true
             */
            tidy: boolean;
            /**
             * Ties
             * @default drop
             * @enum {string}
             */
            ties: "drop" | "keep";
        };
        /**
         * CleanWanted
         * @description How to clean, and the dataset that gets the result (the same one where none is named).
         */
        CleanWanted: {
            /** Name */
            name?: string | null;
            /**
             * @default {
             *       "conflicts": "majority",
             *       "empty": "drop",
             *       "exact": "drop",
             *       "kinds": [
             *         "email",
             *         "iban",
             *         "card",
             *         "ip",
             *         "birth_date",
             *         "phone"
             *       ],
             *       "labels": [],
             *       "near": "drop",
             *       "personal": "mask",
             *       "threshold": 0.8,
             *       "tidy": true,
             *       "ties": "drop"
             *     }
             */
            settings: components["schemas"]["CleanSettings"];
        };
        /**
         * CleaningChange
         * @description One change to one row, by cleaning or by hand. `row` is its number (from 1) in the version that was changed, `id`
         *     its metadata id, `origin` where it came from, `before` and `after` its hashes (`after` null: the row was dropped).
         */
        CleaningChange: {
            /** After */
            after: string | null;
            /** Before */
            before: string;
            /** Id */
            id: string | null;
            /** Origin */
            origin: string | null;
            /** Reason */
            reason: string;
            /** Row */
            row: number;
            /**
             * What
             * @enum {string}
             */
            what: "tidied" | "masked" | "dropped_personal" | "dropped_empty" | "relabelled" | "dropped_conflict" | "dropped_exact_duplicate" | "dropped_near_duplicate" | "edited" | "removed";
        };
        /**
         * Cleared
         * @description How many kept answers were forgotten.
         */
        Cleared: {
            /** Answers */
            answers: number;
        };
        /**
         * ComparedTarget
         * @description What the newest pairs of a route and a target say together: how many, how many had no second answer, the mean
         *     agreement with its interval (95 %, normal), the share that said the same, the median milliseconds and the cost in
         *     millionths of a US dollar of both sides, over the pairs whose two spans are there. Null where nothing is known.
         */
        ComparedTarget: {
            /** Agreement */
            agreement?: number | null;
            /** Failed */
            failed: number;
            /** First Cost */
            first_cost?: number | null;
            /** First Ms */
            first_ms?: number | null;
            /** High */
            high?: number | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "shadow" | "cache";
            /** Low */
            low?: number | null;
            /** Pairs */
            pairs: number;
            /** Route */
            route: string;
            /** Same */
            same?: number | null;
            /** Second Cost */
            second_cost?: number | null;
            /** Second Ms */
            second_ms?: number | null;
            /** Target */
            target: string;
        };
        /**
         * Comparison
         * @description An answer that somebody got (`of`) and a second one that nobody did (`span_id`). `agreement` is 1 for the same
         *     text or JSON, else the cosine of their embeddings; null where there was no second answer.
         */
        Comparison: {
            /** Agreement */
            agreement: number | null;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "shadow" | "cache";
            /**
             * Of
             * Format: uuid
             */
            of: string;
            /** Route */
            route: string;
            /**
             * Span Id
             * Format: uuid
             */
            span_id: string;
            /** Target */
            target: string;
        };
        /**
         * Condition
         * @description One thing that must be so: a fact of the call `equals` a value, is `any_of` several, or is `over` or `under` a
         *     number. A tag equals a value where the call has that tag.
         */
        Condition: {
            /**
             * Any Of
             * @default []
             */
            any_of: (string | boolean | number)[];
            /** Equals */
            equals?: string | boolean | number | null;
            /** Fact */
            fact: string;
            /** Over */
            over?: number | null;
            /** Under */
            under?: number | null;
        };
        /**
         * Conflict
         * @description One input (the same, or near-duplicates) with several answers: its rows, and how often each value per label.
         */
        Conflict: {
            /** Rows */
            rows: number[];
            /** Same Input */
            same_input: boolean;
            /** Votes */
            votes: {
                [key: string]: {
                    [key: string]: number;
                };
            };
        };
        /**
         * Consumed
         * @description What a number of calls consumed. `cost` in millionths of a US dollar sums the calls whose price is known, which
         *     are `priced`; null where none is. Latencies in milliseconds; those of hours and days are read from histograms whose
         *     steps are 11.5 % wide, those of minutes are exact, and those by user and tag are null.
         */
        Consumed: {
            /**
             * Calls
             * @default 0
             */
            calls: number;
            /** Cost */
            cost?: number | null;
            /**
             * Errors
             * @default 0
             */
            errors: number;
            /** First Token P50 */
            first_token_p50?: number | null;
            /** Group */
            group?: string | null;
            /** Input Tokens */
            input_tokens?: number | null;
            /** Latency P50 */
            latency_p50?: number | null;
            /** Latency P95 */
            latency_p95?: number | null;
            /** Output Tokens */
            output_tokens?: number | null;
            /**
             * Priced
             * @default 0
             */
            priced: number;
        };
        /**
         * Count
         * @description How many there are; with `more`, at least so many.
         */
        Count: {
            /** Count */
            count: number;
            /**
             * More
             * @default false
             */
            more: boolean;
        };
        /**
         * Curve
         * @description A figure over the steps. `total` is how many points there are; `points` may be fewer, chosen by LTTB.
         */
        Curve: {
            /** Name */
            name: string;
            /** Points */
            points: components["schemas"]["Point"][];
            /** Total */
            total: number;
        };
        /**
         * DataStanding
         * @description Datasets, and the rows of their newest versions.
         */
        DataStanding: {
            /**
             * Datasets
             * @default 0
             */
            datasets: number;
            /** Newest */
            newest?: string | null;
            /**
             * Rows
             * @default 0
             */
            rows: number;
        };
        /**
         * DatasetVersion
         * @description A named, immutable list of examples. `hash` is the sha256 over the hashes of its rows, in order.
         */
        DatasetVersion: {
            /** Blob */
            blob: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Hash */
            hash: string;
            /** Name */
            name: string;
            /** Number */
            number: number;
            operation: components["schemas"]["Operation"];
            /**
             * Parents
             * @default []
             */
            parents: string[];
            /** Rows */
            rows: number;
            /**
             * Splits
             * @default {}
             */
            splits: {
                [key: string]: number;
            };
        };
        /**
         * DecisionWanted
         * @description A decision by hand, and why.
         */
        DecisionWanted: {
            /** Reason */
            reason: string;
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "promote" | "roll_back";
        };
        /**
         * Deployed
         * @description A deployment and, where a tuned model has to be checked first, the job that does it.
         */
        Deployed: {
            deployment: components["schemas"]["Deployment"];
            job?: components["schemas"]["Job"] | null;
        };
        /**
         * Deployment
         * @description A served model. `wanted` is what was asked for (`running` or `stopped`), `state` how it stands.
         *
         *     An adapter is served by the engine process of its base: such deployments share `group`, one process a group.
         *     `memory` is the resident size of the process in bytes; `parity` the stored result of the parity check.
         */
        Deployment: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Engine */
            engine: string;
            /** Group */
            group: string;
            /** Memory */
            memory?: number | null;
            /** Model */
            model: string;
            /** Name */
            name: string;
            /** Parity */
            parity?: {
                [key: string]: unknown;
            } | null;
            /** Pid */
            pid?: number | null;
            /** Reason */
            reason?: string | null;
            /**
             * Restarts
             * @default 0
             */
            restarts: number;
            /**
             * Settings
             * @default {}
             */
            settings: {
                [key: string]: unknown;
            };
            /**
             * State
             * @default pending
             * @enum {string}
             */
            state: "pending" | "checking" | "starting" | "ready" | "failed" | "stopped";
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Url */
            url?: string | null;
            /**
             * Wanted
             * @default running
             * @enum {string}
             */
            wanted: "running" | "stopped";
        };
        /**
         * DeploymentSettings
         * @description How a deployment runs. Zero means that the engine chooses.
         *
         *     `threads`: CPU threads. `context`: tokens of prompt and answer together. `batch`: conversations decoded side by
         *     side. `prefix_bytes`: memory for the beginnings that prompts share. `parity`: `required`, or `skip` to serve a tuned
         *     model without the check, which is recorded.
         */
        DeploymentSettings: {
            /**
             * Batch
             * @default 8
             */
            batch: number;
            /**
             * Context
             * @default 0
             */
            context: number;
            /**
             * Parity
             * @default required
             * @enum {string}
             */
            parity: "required" | "skip";
            /**
             * Prefix Bytes
             * @default 256000000
             */
            prefix_bytes: number;
            /**
             * Threads
             * @default 0
             */
            threads: number;
        };
        /**
         * DeploymentWanted
         * @description What to serve: a model ref (`triage`, `triage@1f0c9a27b4de`, `triage:prod`), by which engine, and how.
         */
        DeploymentWanted: {
            /** Engine */
            engine?: string | null;
            /** Model */
            model: string;
            /**
             * @default {
             *       "batch": 8,
             *       "context": 0,
             *       "parity": "required",
             *       "prefix_bytes": 256000000,
             *       "threads": 0
             *     }
             */
            settings: components["schemas"]["DeploymentSettings"];
        };
        /**
         * Diff
         * @description What differs between versions `a` and `b`. `changed` rows have the same metadata id, or the same messages and
         *     another completion. `metadata_changed` counts rows that say the same with other metadata (a split, for example).
         *     `rows` lists the first of them.
         */
        Diff: {
            /** A */
            a: string;
            /** Added */
            added: number;
            /** B */
            b: string;
            /** Changed */
            changed: number;
            /** Metadata Changed */
            metadata_changed: number;
            /** Removed */
            removed: number;
            /** Rows */
            rows: components["schemas"]["RowChange"][];
            /** Unchanged */
            unchanged: number;
        };
        /**
         * Disagreement
         * @description A span that several people corrected differently: their last word each. It is left to people.
         */
        Disagreement: {
            /** Corrections */
            corrections: {
                [key: string]: string;
            };
            /**
             * Span Id
             * Format: uuid
             */
            span_id: string;
        };
        /**
         * Document
         * @description A file of a knowledge base. `hash` is the sha256 of its bytes; `state` is `ready` or `failed` with a `reason`.
         */
        Document: {
            /** Base */
            base: string;
            /**
             * Characters
             * @default 0
             */
            characters: number;
            /**
             * Chunks
             * @default 0
             */
            chunks: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Hash */
            hash: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Media Type */
            media_type: string;
            /** Path */
            path: string;
            /** Reason */
            reason?: string | null;
            /** State */
            state: string;
            /** Title */
            title: string;
        };
        /**
         * Duplicates
         * @description Groups of rows that repeat each other; `extra` rows would go if one of each group stayed.
         */
        Duplicates: {
            /** Extra */
            extra: number;
            /** Groups */
            groups: number;
            /** Listed */
            listed: number[][];
        };
        /**
         * EvalChange
         * @description An example that the two runs answered differently, with both texts and their scores.
         */
        EvalChange: {
            /** A */
            a: string;
            /** A Scores */
            a_scores: {
                [key: string]: number;
            };
            /** B */
            b: string;
            /** B Scores */
            b_scores: {
                [key: string]: number;
            };
            /** Example */
            example: string;
            /** Position */
            position: number;
            /** Prompt */
            prompt: string;
            /** Reference */
            reference: string;
        };
        /**
         * EvalComparison
         * @description Run b against run a. `n` examples are in both; `left_out` are in one only (other limits).
         *
         *     `changed` counts the answers whose text differs; `changes` are those that moved the first metric most.
         */
        EvalComparison: {
            a: components["schemas"]["EvalResult"];
            b: components["schemas"]["EvalResult"];
            /** Changed */
            changed: number;
            /** Changes */
            changes: components["schemas"]["EvalChange"][];
            /**
             * Confidence
             * @default 0.95
             */
            confidence: number;
            /** Left Out */
            left_out: number;
            /** Metrics */
            metrics: {
                [key: string]: components["schemas"]["MetricComparison"];
            };
            /** N */
            n: number;
            /**
             * Resamples
             * @default 10000
             */
            resamples: number;
            /**
             * Seed
             * @default 20260
             */
            seed: number;
        };
        /**
         * EvalResult
         * @description A finished (or running) evaluation.
         *
         *     `scores` maps a metric to its value over all examples (`exact_match`, `rougeL`, `json_fields.urgency`, ...),
         *     each in its library's own unit; `signatures` says exactly how each was computed. Latencies are milliseconds,
         *     `cost` is in millionths of a US dollar (null where a price is unknown).
         */
        EvalResult: {
            /** Cost */
            cost?: number | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Dataset */
            dataset: string;
            /** Done */
            done: number;
            /** Examples */
            examples: number;
            /**
             * Failed
             * @default 0
             */
            failed: number;
            /** Finished At */
            finished_at?: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Input Tokens
             * @default 0
             */
            input_tokens: number;
            /** Latency P50 */
            latency_p50?: number | null;
            /** Latency P95 */
            latency_p95?: number | null;
            /** Model */
            model: string;
            /** Name */
            name: string;
            /**
             * Output Tokens
             * @default 0
             */
            output_tokens: number;
            /** Scorers */
            scorers: string[];
            /**
             * Scores
             * @default {}
             */
            scores: {
                [key: string]: number;
            };
            /**
             * Settings
             * @default {}
             */
            settings: {
                [key: string]: unknown;
            };
            /**
             * Signatures
             * @default {}
             */
            signatures: {
                [key: string]: string;
            };
            /** Split */
            split: string;
            /** Status */
            status: string;
        };
        /**
         * EvalWanted
         * @description The evaluation to run. `model` is written as in a request to `/v1`; `scorers` as `NAME` or
         *     `NAME:option=value;option=value`.
         */
        EvalWanted: {
            /** Dataset */
            dataset: string;
            /** Model */
            model: string;
            /**
             * Name
             * @default
             */
            name: string;
            /**
             * Scorers
             * @default [
             *       "exact_match"
             *     ]
             */
            scorers: string[];
            /**
             * @default {
             *       "concurrency": 4,
             *       "max_tokens": 256,
             *       "seed": 0,
             *       "shots": 0,
             *       "shots_split": "train",
             *       "temperature": 0
             *     }
             */
            settings: components["schemas"]["Settings"];
            /**
             * Split
             * @default test
             */
            split: string;
        };
        /**
         * EvalsStanding
         * @description Evaluations, and the newest that finished.
         */
        EvalsStanding: {
            /** Newest */
            newest?: string | null;
            /** Newest Model */
            newest_model?: string | null;
            /**
             * Newest Scores
             * @default {}
             */
            newest_scores: {
                [key: string]: number;
            };
            /**
             * Running
             * @default 0
             */
            running: number;
            /**
             * Total
             * @default 0
             */
            total: number;
        };
        /**
         * Event
         * @description Something that happened: what it is about (`ref`: a dataset's or model's ref, or an id) and when.
         */
        Event: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "dataset" | "run" | "model" | "alias" | "canary" | "turn";
            /** Ref */
            ref: string;
            /** Status */
            status?: string | null;
            /** Title */
            title: string;
        };
        /**
         * Evidence
         * @description The figures as they stand, or stood at the decision.
         *
         *     `candidate` and `incumbent` are mean scores over `pairs`; `difference` is the first less the second, and `low` and
         *     `high` bound it at confidence 1 - alpha, at every moment at once. `e_better` and `e_worse` decide at `threshold`.
         */
        Evidence: {
            /** Alpha */
            alpha: number;
            /** Candidate */
            candidate?: number | null;
            /** Candidate Scores */
            candidate_scores: number;
            /** Difference */
            difference?: number | null;
            /**
             * E Better
             * @default 1
             */
            e_better: number;
            /**
             * E Worse
             * @default 1
             */
            e_worse: number;
            /**
             * Goal
             * @enum {string}
             */
            goal: "better" | "not_worse";
            /**
             * High
             * @default 1
             */
            high: number;
            /** Incumbent */
            incumbent?: number | null;
            /** Incumbent Scores */
            incumbent_scores: number;
            /**
             * Low
             * @default -1
             */
            low: number;
            /** Margin */
            margin: number;
            /** Pairs */
            pairs: number;
            /** Threshold */
            threshold: number;
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "promote" | "roll_back" | "keep_going" | "no_difference";
        };
        /**
         * Example
         * @description Messages in OpenAI chat form and what should follow them.
         *
         *     `completion` is the wanted answer, `rejected` a worse one (a preference pair), `weight` its share in training
         *     (1.0 is ordinary), `metadata` free JSON. `origin` and `metadata` are not part of the content hash: the same
         *     conversation from two places is the same example.
         */
        Example: {
            completion?: components["schemas"]["Message"] | null;
            /** Messages */
            messages: components["schemas"]["Message"][];
            /**
             * Metadata
             * @default {}
             */
            metadata: {
                [key: string]: unknown;
            };
            origin?: components["schemas"]["Origin"] | null;
            rejected?: components["schemas"]["Message"] | null;
            /** Tools */
            tools?: {
                [key: string]: unknown;
            }[] | null;
            /**
             * Weight
             * @default 1
             */
            weight: number;
        };
        /**
         * Facet
         * @description One value of a field, and how many spans have it.
         */
        Facet: {
            /** Count */
            count: number;
            /** Value */
            value: string;
        };
        /**
         * Facets
         * @description What spans can be filtered by: the values of the last seven days with their counts, most first, 100 at most.
         */
        Facets: {
            /**
             * Keys
             * @default []
             */
            keys: components["schemas"]["Facet"][];
            /**
             * Kinds
             * @default []
             */
            kinds: components["schemas"]["Facet"][];
            /**
             * Models
             * @default []
             */
            models: components["schemas"]["Facet"][];
            /**
             * Routes
             * @default []
             */
            routes: components["schemas"]["Facet"][];
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /**
             * Statuses
             * @default []
             */
            statuses: components["schemas"]["Facet"][];
        };
        /**
         * FeedbackStanding
         * @description Scores of the last 7 days. `open_corrections` are those that came since the last harvest into any dataset.
         */
        FeedbackStanding: {
            /**
             * Corrections
             * @default 0
             */
            corrections: number;
            /**
             * Open Corrections
             * @default 0
             */
            open_corrections: number;
            /**
             * Scores
             * @default 0
             */
            scores: number;
        };
        /**
         * FilePreview
         * @description What the start of a file would give. `reason` says why this format was taken, `options` what it can be told.
         *     `estimated_rows` are those of the bytes that were looked at, `bytes`: a page that sends the beginning of a file can
         *     tell how many the whole has. `problems` are rows that cannot be read; `error` says why none can.
         */
        FilePreview: {
            /** Bytes */
            bytes: number;
            /**
             * Columns
             * @default []
             */
            columns: string[];
            /** Error */
            error?: string | null;
            /** Estimated Rows */
            estimated_rows?: number | null;
            /** Filename */
            filename: string;
            /** Format */
            format?: string | null;
            /** Hint */
            hint?: string | null;
            /** Kind */
            kind?: string | null;
            /**
             * Options
             * @default []
             */
            options: components["schemas"]["FormatOption"][];
            /**
             * Problems
             * @default []
             */
            problems: components["schemas"]["SkippedRow"][];
            /** Reason */
            reason?: string | null;
            /**
             * Rows
             * @default []
             */
            rows: components["schemas"]["Example"][];
        };
        /**
         * Finding
         * @description One thing to know: `error` spoils results, `warning` costs quality, `info` is worth a look.
         */
        Finding: {
            /** Code */
            code: string;
            /** Next Step */
            next_step: string;
            /** Rows */
            rows: number;
            /**
             * Severity
             * @enum {string}
             */
            severity: "error" | "warning" | "info";
            /** Text */
            text: string;
        };
        /**
         * FormatOption
         * @description An option of a format: what it means, and the value that holds where none is given (null: none).
         */
        FormatOption: {
            /** Default */
            default?: string | null;
            /** Description */
            description: string;
            /** Name */
            name: string;
        };
        /**
         * GatewayStanding
         * @description Routes, and the model calls of the last 24 hours. `error_share` and `latency_p50` (milliseconds) are null where
         *     there were no calls.
         */
        GatewayStanding: {
            /**
             * Calls
             * @default 0
             */
            calls: number;
            /** Error Share */
            error_share?: number | null;
            /**
             * Errors
             * @default 0
             */
            errors: number;
            /** Latency P50 */
            latency_p50?: number | null;
            /**
             * Routes
             * @default 0
             */
            routes: number;
        };
        /**
         * GuardKind
         * @description A guard that is installed: what it does, its actions, and its settings as a JSON schema.
         */
        GuardKind: {
            /** About */
            about: string;
            /** Actions */
            actions: ("block" | "mask" | "flag" | "retry")[];
            /** Name */
            name: string;
            /** Settings */
            settings: {
                [key: string]: unknown;
            };
            /** Streams */
            streams: string;
        };
        /**
         * GuardOutcome
         * @description What one guard found: how often each kind. `action` is what was done of it, `none` where nothing was found.
         */
        GuardOutcome: {
            /**
             * Action
             * @enum {string}
             */
            action: "block" | "mask" | "flag" | "retry" | "none";
            /**
             * Found
             * @default {}
             */
            found: {
                [key: string]: number;
            };
            /** Guard */
            guard: string;
            /** Ms */
            ms: number;
            /**
             * On
             * @enum {string}
             */
            on: "input" | "output";
        };
        /**
         * GuardTrial
         * @description A text that was held against guards: what became of it (null where it was blocked), and what each found.
         */
        GuardTrial: {
            /** Blocked By */
            blocked_by: string | null;
            /** Outcomes */
            outcomes: components["schemas"]["GuardOutcome"][];
            /** Text */
            text: string | null;
        };
        /**
         * GuardUse
         * @description One guard at its post. `block` refuses the text, `mask` puts placeholders in place of what was found, `flag`
         *     notes it, `retry` (of answers) asks the model once more, and blocks the second time.
         *
         *     `settings` are the guard's own. `roles` are those whose texts it reads in requests, its own choice where none is
         *     said; what the model answers is always read where `on` covers output.
         */
        GuardUse: {
            /**
             * Action
             * @default block
             * @enum {string}
             */
            action: "block" | "mask" | "flag" | "retry";
            /** Guard */
            guard: string;
            /**
             * On
             * @default both
             * @enum {string}
             */
            on: "input" | "output" | "both";
            /**
             * Roles
             * @default []
             */
            roles: ("system" | "user" | "assistant" | "tool")[];
            /**
             * Settings
             * @default {}
             */
            settings: {
                [key: string]: unknown;
            };
        };
        /**
         * GuardsWanted
         * @description The guards of all calls, in the order in which they look; none removes them.
         */
        GuardsWanted: {
            /** Guards */
            guards: components["schemas"]["GuardUse"][];
        };
        /** HTTPValidationError */
        HTTPValidationError: {
            /** Detail */
            detail?: components["schemas"]["ValidationError"][];
        };
        /**
         * Harvest
         * @description The Examples, in the order of the spans; how many came from corrections and how many were good as they were;
         *     the spans on which people disagree; and why the others gave nothing.
         */
        Harvest: {
            /** Corrections */
            corrections: number;
            /** Disagreements */
            disagreements: components["schemas"]["Disagreement"][];
            /** Examples */
            examples: components["schemas"]["Example"][];
            /** Good */
            good: number;
            /** Passed Over */
            passed_over: {
                [key: string]: number;
            };
        };
        /**
         * HarvestWanted
         * @description What to harvest into which dataset (it is made where it is new).
         *
         *     Rows that are the same as, or near-duplicates of, rows in the splits of `away_from` are left out: what is tested
         *     must not be taught.
         */
        HarvestWanted: {
            /**
             * Away From
             * @default [
             *       "test",
             *       "validation"
             *     ]
             */
            away_from: string[];
            /** Dataset */
            dataset: string;
            /**
             * Min Value
             * @default 0.8
             */
            min_value: number;
            /** Model Version */
            model_version?: string | null;
            /** Name */
            name?: string | null;
            /**
             * Pairs
             * @default false
             */
            pairs: boolean;
            /** Route */
            route?: string | null;
            /** Since */
            since?: string | null;
            /** Source */
            source?: ("human" | "judge" | "program" | "replay") | null;
            /**
             * Spans
             * @default []
             */
            spans: string[];
            /** Split */
            split?: string | null;
            /** Until */
            until?: string | null;
        };
        /**
         * Harvested
         * @description The dataset version that has the harvest in it, and what the harvest was.
         */
        Harvested: {
            /** Added */
            added: number;
            /** Corrections */
            corrections: number;
            /** Disagreements */
            disagreements: components["schemas"]["Disagreement"][];
            /** Good */
            good: number;
            /** Held Back */
            held_back: number;
            /** Passed Over */
            passed_over: {
                [key: string]: number;
            };
            /** Ref */
            ref: string;
            /** Rows */
            rows: number;
            /** Splits */
            splits: {
                [key: string]: number;
            };
        };
        /**
         * Health
         * @description How the server stands, or all that share its port. `waiting_spans` are taken and not committed yet, `disk_spans`
         *     of them lie on disk, `dropped_spans` were refused. `servers` counts the processes.
         */
        Health: {
            /** Database */
            database: boolean;
            /** Disk Spans */
            disk_spans: number;
            /** Dropped Spans */
            dropped_spans: number;
            /** Servers */
            servers: number;
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "degraded";
            /** Version */
            version: string;
            /** Waiting Spans */
            waiting_spans: number;
        };
        /**
         * ImportWanted
         * @description What to import: what ships, or a .gguf file or a folder of safetensors on the worker's machine.
         */
        ImportWanted: {
            /**
             * Convert
             * @default true
             */
            convert: boolean;
            /** Licence */
            licence?: string | null;
            /** Name */
            name?: string | null;
            /**
             * Source
             * @default shipped:smollm2-135m-instruct
             */
            source: string;
        };
        /**
         * InboxItem
         * @description A score and the span that it is about; without `span` where that is not stored any more.
         */
        InboxItem: {
            score: components["schemas"]["Score"];
            span?: components["schemas"]["SpanSummary"] | null;
        };
        /**
         * Installation
         * @description What is installed and what it uses.
         */
        Installation: {
            /** Home */
            home: string;
            /** Libraries */
            libraries: components["schemas"]["Library"][];
            /** Pgvector */
            pgvector: string | null;
            /** Postgres */
            postgres: string;
            /** Processes */
            processes: components["schemas"]["Process"][];
            /** Python */
            python: string;
            storage: components["schemas"]["Storage"];
            /** System */
            system: string;
            /** Version */
            version: string;
        };
        /**
         * Job
         * @description A job: what to do (`kind`, `params`), how it stands, and how it ended. `attempts` counts starts.
         */
        Job: {
            /**
             * Attempts
             * @default 0
             */
            attempts: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Error */
            error?: string | null;
            /** Finished At */
            finished_at?: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Kind */
            kind: string;
            /** Params */
            params: {
                [key: string]: unknown;
            };
            /**
             * @default {
             *       "done": 0,
             *       "message": "",
             *       "unit": ""
             *     }
             */
            progress: components["schemas"]["Progress"];
            /** Result */
            result?: {
                [key: string]: unknown;
            } | null;
            /** Started At */
            started_at?: string | null;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "running" | "finished" | "failed" | "cancelled";
            /** Worker */
            worker?: string | null;
        };
        /**
         * Judgement
         * @description What is said of an answer. At least one of `value` (0..1, 1 is best), `comment` and `correction` (the text that
         *     the answer should have been) is there. The same `id` again is the same score.
         */
        Judgement: {
            /** Author */
            author?: string | null;
            /** Comment */
            comment?: string | null;
            /** Correction */
            correction?: string | null;
            /** Id */
            id?: string | null;
            /**
             * Name
             * @default quality
             */
            name: string;
            /**
             * Source
             * @default human
             * @enum {string}
             */
            source: "human" | "judge" | "program" | "replay";
            /**
             * Span Id
             * Format: uuid
             */
            span_id: string;
            /** Value */
            value?: number | null;
        };
        /**
         * Key
         * @description What may be shown of a key: never the key itself. The `previous` secret is the one before the last rotation: it
         *     works until `previous_until`.
         */
        Key: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Expires At */
            expires_at?: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * @default {
             *       "tags": []
             *     }
             */
            labels: components["schemas"]["Labels"];
            /** Last Used At */
            last_used_at?: string | null;
            /** Name */
            name: string;
            /** Prefix */
            prefix: string;
            /** Previous Prefix */
            previous_prefix?: string | null;
            /** Previous Until */
            previous_until?: string | null;
            /** Previous Used At */
            previous_used_at?: string | null;
            /** Revoked At */
            revoked_at?: string | null;
            /**
             * Role
             * @enum {string}
             */
            role: "owner" | "member" | "viewer";
            /** Rotated At */
            rotated_at?: string | null;
            /**
             * @default {
             *       "models": [],
             *       "shapes": []
             *     }
             */
            scope: components["schemas"]["Scope"];
        };
        /**
         * KeyWanted
         * @description The key to make. An owner may name another `project` than their own. A key with a `scope` calls models and gives
         *     feedback, and may do nothing else.
         */
        KeyWanted: {
            /** Expires At */
            expires_at?: string | null;
            labels?: components["schemas"]["Labels"] | null;
            /** Name */
            name: string;
            /** Project */
            project?: string | null;
            /**
             * Role
             * @default member
             * @enum {string}
             */
            role: "owner" | "member" | "viewer";
            scope?: components["schemas"]["Scope"] | null;
        };
        /**
         * KnowledgeStanding
         * @description Knowledge bases, their documents and chunks.
         */
        KnowledgeStanding: {
            /**
             * Bases
             * @default 0
             */
            bases: number;
            /**
             * Chunks
             * @default 0
             */
            chunks: number;
            /**
             * Documents
             * @default 0
             */
            documents: number;
        };
        /**
         * LabelBalance
         * @description One label. `evenness` is entropy over its greatest value (1 is balanced), `ratio` largest over smallest.
         */
        LabelBalance: {
            /** Evenness */
            evenness: number;
            /** Path */
            path: string;
            /** Ratio */
            ratio: number;
            /** Values */
            values: {
                [key: string]: number;
            };
        };
        /**
         * Labels
         * @description How calls with a key are accounted for where they do not say it themselves: `tags` are added to those of the
         *     call, `user` stands in for the end user that a call does not name.
         */
        Labels: {
            /**
             * Tags
             * @default []
             */
            tags: string[];
            /** User */
            user?: string | null;
        };
        /**
         * Leak
         * @description Inputs that stand in two splits: pairs of (row of `a`, row of `b`) counted by group and split.
         */
        Leak: {
            /** A */
            a: string;
            /** B */
            b: string;
            /** Listed */
            listed: [
                number,
                number
            ][];
            /** Near */
            near: number;
            /** Same */
            same: number;
        };
        /**
         * LedgerLine
         * @description What a group of calls used, by the ledger. `cost` sums the `priced` ones, in millionths of a US dollar; `failed`
         *     ones are among the calls. `at` is when their hour, day or month began, in UTC, where the lines are of such.
         */
        LedgerLine: {
            /** At */
            at?: string | null;
            /** Cached Tokens */
            cached_tokens: number;
            /** Calls */
            calls: number;
            /** Cost */
            cost: number;
            /** Failed */
            failed: number;
            /** Group */
            group: string | null;
            /** Input Tokens */
            input_tokens: number;
            /** Output Tokens */
            output_tokens: number;
            /** Priced */
            priced: number;
        };
        /**
         * Lengths
         * @description A distribution. `histogram` pairs the upper end of each bin (a power of two) with the rows in it.
         */
        Lengths: {
            /** Histogram */
            histogram: [
                number,
                number
            ][];
            /** Least */
            least: number;
            /** Mean */
            mean: number;
            /** Median */
            median: number;
            /** Most */
            most: number;
            /** P95 */
            p95: number;
        };
        /**
         * Library
         * @description A library by its version, null where it is not installed; `extra` brings it, null where Vong always has it.
         */
        Library: {
            /** Extra */
            extra: string | null;
            /** Name */
            name: string;
            /** Version */
            version: string | null;
        };
        /**
         * Limit
         * @description A limit that holds.
         */
        Limit: {
            /** Amount */
            amount: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Name
             * @default *
             */
            name: string;
            /**
             * On
             * @enum {string}
             */
            on: "project" | "key" | "user" | "route" | "tag";
            /**
             * Per
             * @enum {string}
             */
            per: "minute" | "hour" | "day" | "month" | "ever" | "now";
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /**
             * What
             * @enum {string}
             */
            what: "requests" | "tokens" | "concurrency" | "cost";
        };
        /**
         * LimitState
         * @description How far one subject of a limit is. `reserved` is held for calls under way, and by servers for the next ones.
         */
        LimitState: {
            limit: components["schemas"]["Limit"];
            /** Reserved */
            reserved: number;
            /** Resets At */
            resets_at: string | null;
            /** Subject */
            subject: string;
            /** Used */
            used: number;
        };
        /**
         * LimitWanted
         * @description At most `amount` of `what` `per` time, on whoever is named; `*` is each of them by itself.
         *
         *     Tokens are those read and made; cost is in millionths of a US dollar; `concurrency` is always per `now`. Times begin
         *     anew with the minute, hour, day or month in UTC.
         */
        LimitWanted: {
            /** Amount */
            amount: number;
            /**
             * Name
             * @default *
             */
            name: string;
            /**
             * On
             * @enum {string}
             */
            on: "project" | "key" | "user" | "route" | "tag";
            /**
             * Per
             * @enum {string}
             */
            per: "minute" | "hour" | "day" | "month" | "ever" | "now";
            /**
             * What
             * @enum {string}
             */
            what: "requests" | "tokens" | "concurrency" | "cost";
        };
        /**
         * Lineage
         * @description Both ways from one thing. `backwards` ends at files, spans and people, `forwards` at counts of answers.
         */
        Lineage: {
            backwards?: components["schemas"]["Node"] | null;
            forwards?: components["schemas"]["Node"] | null;
            /** Of */
            of: string;
        };
        /**
         * LogLine
         * @description One line of a job's log. `number` counts from 1 within the job.
         */
        LogLine: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Line */
            line: string;
            /** Number */
            number: number;
        };
        /**
         * LogTail
         * @description The last lines of an engine's log, oldest first.
         */
        LogTail: {
            /** Lines */
            lines: string[];
        };
        /**
         * LoopStanding
         * @description Turns and canaries. `last_decision` is how the canary that ended last was decided.
         */
        LoopStanding: {
            /**
             * Canaries Running
             * @default 0
             */
            canaries_running: number;
            /** Last Decision */
            last_decision?: string | null;
            /** Last Decision At */
            last_decision_at?: string | null;
            /** Running Canary */
            running_canary?: string | null;
            /**
             * Running Canary Scores
             * @default 0
             */
            running_canary_scores: number;
            /**
             * Turns Running
             * @default 0
             */
            turns_running: number;
        };
        /**
         * Message
         * @description A chat message. Fields that a provider adds beyond these are kept.
         */
        Message: {
            /** Content */
            content?: string | {
                [key: string]: unknown;
            }[] | null;
            /** Name */
            name?: string | null;
            /**
             * Role
             * @enum {string}
             */
            role: "system" | "developer" | "user" | "assistant" | "tool";
            /** Tool Call Id */
            tool_call_id?: string | null;
            /** Tool Calls */
            tool_calls?: {
                [key: string]: unknown;
            }[] | null;
        } & {
            [key: string]: unknown;
        };
        /**
         * MetricComparison
         * @description One metric in both runs over `n` shared examples, and what that proves.
         *
         *     `low` and `high` bound `difference` (b minus a) by a paired bootstrap at `confidence`. `wins` are the examples where
         *     b scored higher than a, `losses` lower. `mcnemar_p` is the exact p-value where every score is 0 or 1.
         *     `minimum_detectable` is the difference that so many examples would show four times out of five; null where the runs
         *     never differed.
         */
        MetricComparison: {
            /** A */
            a: number;
            /** B */
            b: number;
            /** Difference */
            difference: number;
            /** High */
            high: number;
            /** Losses */
            losses: number;
            /** Low */
            low: number;
            /** Mcnemar P */
            mcnemar_p?: number | null;
            /** Minimum Detectable */
            minimum_detectable?: number | null;
            /** N */
            n: number;
            /** Ties */
            ties: number;
            /** Wins */
            wins: number;
        };
        /**
         * Model
         * @description A named model: how many versions it has, the newest, and where its aliases point (alias -> ref).
         */
        Model: {
            /**
             * Aliases
             * @default {}
             */
            aliases: {
                [key: string]: string;
            };
            /** Name */
            name: string;
            newest: components["schemas"]["ModelVersion"];
            /** Versions */
            versions: number;
        };
        /**
         * ModelVersion
         * @description Weights and all that is needed to use and to judge them.
         *
         *     `hash` is the sha256 of the content: the sorted list of (file name, sha256 of the file). `files` maps each file
         *     name to the blob that holds it. `base` is the ref of the model below an adapter, `dataset` the ref of the dataset
         *     version that taught it, `run` the training run. `chat_template` is the Jinja text that turns messages into tokens.
         */
        ModelVersion: {
            /** Base */
            base?: string | null;
            /** Bytes */
            bytes: number;
            /** Chat Template */
            chat_template?: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Dataset */
            dataset?: string | null;
            /** Files */
            files: {
                [key: string]: string;
            };
            /**
             * Format
             * @enum {string}
             */
            format: "safetensors" | "gguf";
            /** Hash */
            hash: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "base" | "adapter" | "merged";
            /** Licence */
            licence?: string | null;
            /**
             * Metadata
             * @default {}
             */
            metadata: {
                [key: string]: unknown;
            };
            /** Name */
            name: string;
            /** Number */
            number: number;
            /** Run */
            run?: string | null;
        };
        /**
         * NewKey
         * @description A key at the only moment when it can be read.
         */
        NewKey: {
            key: components["schemas"]["Key"];
            /** Secret */
            secret: string;
        };
        /**
         * NewUser
         * @description A user just made. `password` is shown this once, and only where Vong chose it.
         */
        NewUser: {
            /** Password */
            password?: string | null;
            user: components["schemas"]["User"];
        };
        /**
         * NextAction
         * @description What to do next, and the figures that say so.
         */
        NextAction: {
            /**
             * Action
             * @enum {string}
             */
            action: "import_data" | "train" | "evaluate" | "deploy" | "route" | "send_traffic" | "give_feedback" | "harvest" | "start_canary" | "decide_canary" | "none";
            /**
             * Figures
             * @default {}
             */
            figures: {
                [key: string]: number | string | null;
            };
        };
        /**
         * Node
         * @description One thing and what it came from (backwards) or what came of it (forwards). `more` counts children not shown.
         */
        Node: {
            /**
             * Children
             * @default []
             */
            children: components["schemas"]["Node"][];
            /**
             * Detail
             * @default {}
             */
            detail: {
                [key: string]: unknown;
            };
            /**
             * Kind
             * @enum {string}
             */
            kind: "answer" | "deployment" | "model" | "run" | "dataset" | "row" | "file" | "span" | "document" | "annotator";
            /**
             * More
             * @default 0
             */
            more: number;
            /** Ref */
            ref: string;
            /**
             * Title
             * @default
             */
            title: string;
        };
        /**
         * Operation
         * @description What made a dataset version out of its parents: its name, its settings, and the count of each change made.
         */
        Operation: {
            /**
             * Changes
             * @default {}
             */
            changes: {
                [key: string]: number;
            };
            /** Name */
            name: string;
            /**
             * Settings
             * @default {}
             */
            settings: {
                [key: string]: unknown;
            };
        };
        /**
         * Origin
         * @description Where an example came from, so that lineage can be asked both ways.
         *
         *     `kind` says what `id` names: a span, a row of an earlier dataset version, a row of an imported file
         *     (`tickets.jsonl#12`), a passage of a document, or the person or program that wrote it.
         */
        Origin: {
            /** Id */
            id: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "span" | "row" | "file" | "document" | "annotator";
        };
        /**
         * Overview
         * @description The loop as it stands. `jobs` counts the unfinished jobs by kind; `recent` is newest first.
         */
        Overview: {
            data: components["schemas"]["DataStanding"];
            evals: components["schemas"]["EvalsStanding"];
            feedback: components["schemas"]["FeedbackStanding"];
            gateway: components["schemas"]["GatewayStanding"];
            /** Jobs */
            jobs: {
                [key: string]: number;
            };
            knowledge: components["schemas"]["KnowledgeStanding"];
            loop: components["schemas"]["LoopStanding"];
            next: components["schemas"]["NextAction"];
            /** Recent */
            recent: components["schemas"]["Event"][];
            registry: components["schemas"]["RegistryStanding"];
            serving: components["schemas"]["ServingStanding"];
            traces: components["schemas"]["TracesStanding"];
            training: components["schemas"]["TrainingStanding"];
        };
        /**
         * OwnPrice
         * @description A price of your own: `settings` is vong.toml, which a `stored` one of the project wins over.
         */
        OwnPrice: {
            /** Cache Write */
            cache_write?: number | null;
            /** Cache Write 1H */
            cache_write_1h?: number | null;
            /** Cached */
            cached?: number | null;
            /** Input */
            input: number;
            /** Input Audio */
            input_audio?: number | null;
            /** Input Image */
            input_image?: number | null;
            /**
             * Output
             * @default 0
             */
            output: number;
            /** Output Audio */
            output_audio?: number | null;
            /** Output Image */
            output_image?: number | null;
            /** Reasoning */
            reasoning?: number | null;
            /**
             * Source
             * @enum {string}
             */
            source: "settings" | "stored";
            /**
             * Target
             * @description deployment/NAME or PROVIDER/MODEL.
             */
            target: string;
            /** Updated At */
            updated_at?: string | null;
        };
        /**
         * Pair
         * @description Two answers to one request. A span that is not stored (any more, or yet) is null.
         */
        Pair: {
            comparison: components["schemas"]["Comparison"];
            first: components["schemas"]["SpanSummary"] | null;
            second: components["schemas"]["SpanSummary"] | null;
        };
        /**
         * Passage
         * @description A chunk found for a query, best first. `score` is the fused score, `similarity` the cosine similarity of its
         *     embedding with the query's, in -1..1; `vector_rank` and `text_rank` are its places in the two rankings, from 1.
         */
        Passage: {
            chunk: components["schemas"]["Chunk"];
            /** Path */
            path: string;
            /** Score */
            score: number;
            /** Similarity */
            similarity: number;
            /** Text Rank */
            text_rank?: number | null;
            /** Title */
            title: string;
            /** Vector Rank */
            vector_rank?: number | null;
        };
        /**
         * PasswordChange
         * @description The password so far, and the one from now on (10 to 1000 characters).
         */
        PasswordChange: {
            /**
             * Current
             * Format: password
             */
            current: string;
            /**
             * New
             * Format: password
             */
            new: string;
        };
        /**
         * PasswordReset
         * @description The password from now on; without one Vong chooses.
         */
        PasswordReset: {
            /** Password */
            password?: string | null;
        };
        /**
         * Personal
         * @description One kind of personal data: how often, in how many rows, in which, and how it looks there. The values themselves
         *     are never kept.
         */
        Personal: {
            /** Found */
            found: number;
            /** Listed */
            listed: number[];
            /** Rows */
            rows: number;
            /**
             * Samples
             * @default []
             */
            samples: components["schemas"]["PersonalSample"][];
        };
        /**
         * PersonalSample
         * @description Where a row has personal data: a few words, in which every value is masked.
         */
        PersonalSample: {
            /** Row */
            row: number;
            /** Text */
            text: string;
        };
        /**
         * Point
         * @description One figure of one step.
         */
        Point: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Step */
            step: number;
            /** Value */
            value: number;
        };
        /**
         * Policy
         * @description What a route does when a target fails before its first token: it is asked again `retries` times (1 gets over a
         *     connection that was reset), then the `fallbacks` are, in their order. `cap` bounds the calls that a target gets at
         *     once. With `continue_streams` a stream that breaks off after its first token is gone on with by the next target.
         *     `cache` says which answers are given again, `shadow` who else is asked. `guards` look at what passes, after those of
         *     the project. `capture` says which calls' bodies are kept: in spans, in the cache and in comparisons.
         */
        Policy: {
            /**
             * @default {
             *       "failures": 5,
             *       "pause": 15,
             *       "window": 30
             *     }
             */
            breaker: components["schemas"]["Breaker"];
            cache?: components["schemas"]["Caching"] | null;
            cap?: components["schemas"]["Cap"] | null;
            /**
             * Capture
             * @default full
             */
            capture: ("full" | "metadata") | number;
            /**
             * Continue Streams
             * @default false
             */
            continue_streams: boolean;
            /**
             * Fallbacks
             * @default []
             */
            fallbacks: string[];
            /**
             * Guards
             * @default []
             */
            guards: components["schemas"]["GuardUse"][];
            /**
             * Retries
             * @default 1
             */
            retries: number;
            shadow?: components["schemas"]["Shadow"] | null;
            /**
             * @default {
             *       "between_tokens": 30,
             *       "connect": 5,
             *       "first_token": 60
             *     }
             */
            timeout: components["schemas"]["Timeouts"];
        };
        /**
         * PriceWanted
         * @description What a target costs, in US dollars for a million tokens. Kinds of tokens that are not given cost as other input
         *     or output.
         */
        PriceWanted: {
            /** Cache Write */
            cache_write?: number | null;
            /** Cache Write 1H */
            cache_write_1h?: number | null;
            /** Cached */
            cached?: number | null;
            /** Input */
            input: number;
            /** Input Audio */
            input_audio?: number | null;
            /** Input Image */
            input_image?: number | null;
            /**
             * Output
             * @default 0
             */
            output: number;
            /** Output Audio */
            output_audio?: number | null;
            /** Output Image */
            output_image?: number | null;
            /** Reasoning */
            reasoning?: number | null;
            /**
             * Target
             * @description deployment/NAME or PROVIDER/MODEL.
             */
            target: string;
        };
        /**
         * Process
         * @description A process of Vong: its memory in bytes (shared pages by their share) and the CPU seconds it has used.
         */
        Process: {
            /** Cpu Seconds */
            cpu_seconds: number;
            /** Memory */
            memory: number;
            /** Name */
            name: string;
            /** Pid */
            pid: number;
        };
        /**
         * ProfileSettings
         * @description How a profile looks. `labels` are paths beside those found in the answers; `longest` is in characters.
         */
        ProfileSettings: {
            /**
             * Labels
             * @default []
             */
            labels: string[];
            /**
             * Longest
             * @default 20000
             */
            longest: number;
            /**
             * Threshold
             * @default 0.8
             */
            threshold: number;
        };
        /**
         * Progress
         * @description How far a job is. `rate` is units a second over the last half minute, `seconds_left` an estimate from it.
         */
        Progress: {
            /**
             * Done
             * @default 0
             */
            done: number;
            /**
             * Message
             * @default
             */
            message: string;
            /** Rate */
            rate?: number | null;
            /** Seconds Left */
            seconds_left?: number | null;
            /** Total */
            total?: number | null;
            /**
             * Unit
             * @default
             */
            unit: string;
        };
        /**
         * Project
         * @description A tenant: everything but users belongs to exactly one.
         */
        Project: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
        };
        /**
         * ProjectChoice
         * @description The project to look at, by its name or id.
         */
        ProjectChoice: {
            /** Project */
            project: string;
        };
        /**
         * ProjectGuards
         * @description The guards that hold for every call of a project, before those of its route. `version` is a hash of them.
         */
        ProjectGuards: {
            /** Changed At */
            changed_at?: string | null;
            /**
             * Guards
             * @default []
             */
            guards: components["schemas"]["GuardUse"][];
            /** Version */
            version: string;
        };
        /**
         * ProjectName
         * @description A project to choose.
         */
        ProjectName: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
        };
        /**
         * ProjectWanted
         * @description The project to make.
         */
        ProjectWanted: {
            /** Name */
            name: string;
        };
        /**
         * Prompts
         * @description How the task is put to a model: briefly to the tuned one, in full with all labels to the base.
         */
        Prompts: {
            /** Tuned */
            tuned: string;
            /** Untuned */
            untuned: string;
        };
        /**
         * ProviderState
         * @description A provider. `source` is `settings` (vong.toml, which nobody edits from here) or `stored`. Of its key only whether
         *     one is set and the last four characters of a long one are shown. `reachable`, `models` (how many it lists) and
         *     `error` are null where it was not asked; `listed` are the models named for it.
         */
        ProviderState: {
            /** Base Url */
            base_url: string | null;
            /** Error */
            error?: string | null;
            /** Key */
            key: string | null;
            /** Key Set */
            key_set: boolean;
            /** Kind */
            kind: string;
            /**
             * Listed
             * @default []
             */
            listed: string[];
            /** Models */
            models?: number | null;
            /** Name */
            name: string;
            /** Reachable */
            reachable?: boolean | null;
            /**
             * Source
             * @enum {string}
             */
            source: "settings" | "stored";
            /** Timeout */
            timeout: number;
            /** Updated At */
            updated_at?: string | null;
        };
        /**
         * ProviderTest
         * @description What a provider answered when asked for its models: `reachable` with the milliseconds and the models (the first
         *     200), or the reason why not.
         */
        ProviderTest: {
            /** Error */
            error?: string | null;
            /** Latency Ms */
            latency_ms: number;
            /**
             * Models
             * @default []
             */
            models: string[];
            /** Name */
            name: string;
            /** Reachable */
            reachable: boolean;
        };
        /**
         * ProviderWanted
         * @description How a provider shall be. `api_key` is written, never read back: where it is left out the stored one stays, null
         *     or an empty text removes it. `models` are listed instead of what the API itself lists.
         */
        ProviderWanted: {
            /** Api Key */
            api_key?: string | null;
            /** Base Url */
            base_url?: string | null;
            /**
             * Kind
             * @default openai
             */
            kind: string;
            /**
             * Models
             * @default []
             */
            models: string[];
            /**
             * Timeout
             * @description Seconds for one whole call.
             * @default 120
             */
            timeout: number;
        };
        /**
         * Question
         * @description A question to answer from a base, through a route or any model the gateway knows.
         */
        Question: {
            /**
             * Limit
             * @default 4
             */
            limit: number;
            /** Model */
            model: string;
            /** Question */
            question: string;
        };
        /**
         * RecipeInfo
         * @description A recipe and the JSON schema of its settings: each field with its default and, as description, the reason.
         */
        RecipeInfo: {
            /** Description */
            description: string;
            /** Name */
            name: string;
            /** Settings Schema */
            settings_schema: {
                [key: string]: unknown;
            };
        };
        /**
         * RegistryStanding
         * @description Models and their versions. `prod` is the ref that the alias `prod` points at, moved last of all models; `newest`
         *     the newest that a run has taught, `tried` whether a canary has decided on it.
         */
        RegistryStanding: {
            /**
             * Models
             * @default 0
             */
            models: number;
            /** Newest */
            newest?: string | null;
            /** Prod */
            prod?: string | null;
            /**
             * Tried
             * @default false
             */
            tried: boolean;
            /**
             * Versions
             * @default 0
             */
            versions: number;
        };
        /**
         * Report
         * @description The health of one version. Row numbers count from 1. `threshold` is the Jaccard similarity of five-character
         *     shingles from which inputs are near-duplicates; `unchecked` rows had too many candidates to compare with all.
         */
        Report: {
            /** Characters */
            characters: {
                [key: string]: components["schemas"]["Lengths"];
            };
            /** Conflicts */
            conflicts: number;
            /** Conflicts Listed */
            conflicts_listed: components["schemas"]["Conflict"][];
            /** Empty */
            empty: number[];
            exact: components["schemas"]["Duplicates"];
            /** Findings */
            findings: components["schemas"]["Finding"][];
            /** Labels */
            labels: components["schemas"]["LabelBalance"][];
            /** Languages */
            languages: {
                [key: string]: number;
            };
            /** Leakage */
            leakage: components["schemas"]["Leak"][];
            near: components["schemas"]["Duplicates"];
            /** Personal */
            personal: {
                [key: string]: components["schemas"]["Personal"];
            };
            /** Rows */
            rows: number;
            /** Seconds */
            seconds: number;
            /** Splits */
            splits: {
                [key: string]: number;
            };
            /** Threshold */
            threshold: number;
            /** Too Long */
            too_long: number[];
            /** Unchecked */
            unchecked: number;
            /** Version */
            version: string | null;
            /** Without Answer */
            without_answer: number;
            /** Words */
            words: {
                [key: string]: components["schemas"]["Lengths"];
            };
        };
        /**
         * Rotation
         * @description How to replace a key's secret: the old one works for `overlap` more seconds. `expires_at` is the key's new end;
         *     null leaves it.
         */
        Rotation: {
            /** Expires At */
            expires_at?: string | null;
            /**
             * Overlap
             * @default 0
             */
            overlap: number;
        };
        /**
         * Route
         * @description A route: callers name it in the request's `model` field. `version` is a hash of the targets, and of the policy
         *     and the tree where there are some. Without either a call is tried once. Where there is a tree it says in which order
         *     targets are asked; `targets` then lists them, each with the weight 1.
         */
        Route: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Name */
            name: string;
            policy?: components["schemas"]["Policy"] | null;
            /** Targets */
            targets: components["schemas"]["Target"][];
            tree?: components["schemas"]["RouteNode"] | null;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Version */
            version: string;
        };
        /**
         * RouteNode
         * @description A target (`model`), or a group of `nodes` of which `pick` says the order: the first that answers does, the others
         *     stand in for it. All conditions in `when` must hold, else the node is passed over. `sticky` draws the same lot for
         *     the same user or session, as long as it may.
         */
        RouteNode: {
            /** Model */
            model?: string | null;
            /**
             * Nodes
             * @default []
             */
            nodes: components["schemas"]["RouteNode"][];
            /**
             * Pick
             * @default priority
             * @enum {string}
             */
            pick: "priority" | "weighted" | "least_busy" | "lowest_latency" | "cheapest";
            /** Sticky */
            sticky?: ("user" | "session") | null;
            /**
             * Weight
             * @default 1
             */
            weight: number;
            /**
             * When
             * @default []
             */
            when: components["schemas"]["Condition"][];
        };
        /**
         * RouteVersion
         * @description How a route stood from `changed_at` on; without targets where it was deleted.
         */
        RouteVersion: {
            /**
             * Changed At
             * Format: date-time
             */
            changed_at: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            policy?: components["schemas"]["Policy"] | null;
            /** Targets */
            targets: components["schemas"]["Target"][];
            tree?: components["schemas"]["RouteNode"] | null;
            /** Version */
            version: string;
        };
        /**
         * RouteWanted
         * @description What a route shall be: `targets`, or a `tree` instead. Where `policy` is left out the one that it has stays; null
         *     removes it.
         */
        RouteWanted: {
            policy?: components["schemas"]["Policy"] | null;
            /**
             * Targets
             * @default []
             */
            targets: components["schemas"]["Target"][];
            tree?: components["schemas"]["RouteNode"] | null;
        };
        /**
         * Row
         * @description One row of a version. `number` counts from 1; `hash` is the Example's own.
         */
        Row: {
            example: components["schemas"]["Example"];
            /** Hash */
            hash: string;
            /** Number */
            number: number;
        };
        /**
         * RowChange
         * @description One row that differs. The numbers are those in each version; `before` and `after` are the rows themselves.
         */
        RowChange: {
            after?: components["schemas"]["Example"] | null;
            before?: components["schemas"]["Example"] | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "added" | "removed" | "changed";
            /** Row A */
            row_a?: number | null;
            /** Row B */
            row_b?: number | null;
        };
        /**
         * RowCount
         * @description How many rows there are.
         */
        RowCount: {
            /** Rows */
            rows: number;
        };
        /**
         * RowEdit
         * @description What becomes of the row with this number: the row that takes its place, or null where it goes.
         */
        RowEdit: {
            example?: components["schemas"]["Example"] | null;
            /** Number */
            number: number;
        };
        /**
         * Run
         * @description A run of a recipe. `settings` holds every hyperparameter, those defaulted too; `summary` the last and best
         *     figures; `warnings` what the trainer noticed (overfitting, truncated rows).
         */
        Run: {
            /** Base */
            base: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Dataset */
            dataset: string;
            /** Finished At */
            finished_at?: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Job Id */
            job_id?: string | null;
            /** Model */
            model?: string | null;
            /** Name */
            name: string;
            /** Recipe */
            recipe: string;
            /**
             * Settings
             * @default {}
             */
            settings: {
                [key: string]: unknown;
            };
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "running" | "finished" | "failed" | "cancelled";
            /**
             * Summary
             * @default {}
             */
            summary: {
                [key: string]: unknown;
            };
            /**
             * Warnings
             * @default []
             */
            warnings: string[];
        };
        /**
         * RunBegun
         * @description A run of a trainer that is not ours.
         */
        RunBegun: {
            /**
             * Base
             * @default
             */
            base: string;
            /**
             * Dataset
             * @default
             */
            dataset: string;
            /** Name */
            name: string;
            /**
             * Settings
             * @default {}
             */
            settings: {
                [key: string]: unknown;
            };
        };
        /**
         * RunComparison
         * @description Runs side by side. Lists are in the order of `runs`; a setting is here only where it differs. `best` holds the
         *     best value of each figure, `last` its last one (null where a run has none), `winner` the index of the best run.
         *     `curves` are those of each run, thinned.
         */
        RunComparison: {
            /** Best */
            best: {
                [key: string]: (number | null)[];
            };
            /** Curves */
            curves: components["schemas"]["Curve"][][];
            /** Last */
            last: {
                [key: string]: (number | null)[];
            };
            /** Runs */
            runs: components["schemas"]["Run"][];
            /** Settings */
            settings: {
                [key: string]: unknown[];
            };
            /** Winner */
            winner: {
                [key: string]: number;
            };
        };
        /**
         * RunEnded
         * @description How a run ended.
         */
        RunEnded: {
            /** Model */
            model?: string | null;
            /**
             * Status
             * @default finished
             * @enum {string}
             */
            status: "finished" | "failed" | "cancelled";
            /**
             * Summary
             * @default {}
             */
            summary: {
                [key: string]: unknown;
            };
        };
        /**
         * RunStarted
         * @description A run and the job that does it; both have the same id.
         */
        RunStarted: {
            job: components["schemas"]["Job"];
            result: components["schemas"]["EvalResult"];
        };
        /**
         * Scope
         * @description What a key is for. `models` are names as callers write them, with `*` for any text: `triage`, `openai/*`,
         *     `deployment/*`; `shapes` are those of requests: `chat`, `embeddings` and so on. Where nothing is named everything
         *     may be called.
         */
        Scope: {
            /**
             * Models
             * @default []
             */
            models: string[];
            /**
             * Shapes
             * @default []
             */
            shapes: string[];
        };
        /**
         * Score
         * @description A score points at a span or at an example. `value` lies in 0..1 (1 is best); `correction` is the text that the
         *     answer should have been. `source` says who judged.
         */
        Score: {
            /** Author */
            author?: string | null;
            /** Comment */
            comment?: string | null;
            /** Correction */
            correction?: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Example */
            example?: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Name
             * @default quality
             */
            name: string;
            /**
             * Source
             * @default human
             * @enum {string}
             */
            source: "human" | "judge" | "program" | "replay";
            /** Span Id */
            span_id?: string | null;
            /** Value */
            value?: number | null;
        };
        /**
         * ScoredAnswer
         * @description One answer of a run. `position` is the example's place in the split, `example` its hash; `scores` holds the
         *     metrics of this answer alone, `statistics` what it adds to the totals. A request that failed counts as an empty
         *     answer and says why in `error`.
         */
        ScoredAnswer: {
            /** Answer */
            answer: string;
            /** Cost */
            cost?: number | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Error */
            error?: string | null;
            /** Example */
            example: string;
            /** Input Tokens */
            input_tokens?: number | null;
            /** Latency Ms */
            latency_ms: number;
            /** Output Tokens */
            output_tokens?: number | null;
            /** Position */
            position: number;
            /** Prompt */
            prompt: string;
            /** Reference */
            reference: string;
            /**
             * Scores
             * @default {}
             */
            scores: {
                [key: string]: number;
            };
            /** Span Id */
            span_id?: string | null;
            /**
             * Statistics
             * @default {}
             */
            statistics: {
                [key: string]: number[];
            };
        };
        /**
         * ScorerInfo
         * @description A scorer that is installed: what it measures, and its options with their defaults.
         */
        ScorerInfo: {
            /** About */
            about: string;
            /** Name */
            name: string;
            /** Options */
            options: {
                [key: string]: unknown;
            };
            /** Signature */
            signature: string;
        };
        /**
         * SelfTest
         * @description Whether a made-up card number was masked on every way through the gateway; `leaks` names the ways where not.
         */
        SelfTest: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Leaks */
            leaks: string[];
            /** Ms */
            ms: number;
            /** Passed */
            passed: boolean;
            /** Ways */
            ways: number;
        };
        /**
         * ServingStanding
         * @description Deployments that answer, and all that should.
         */
        ServingStanding: {
            /**
             * Ready
             * @default 0
             */
            ready: number;
            /**
             * Total
             * @default 0
             */
            total: number;
        };
        /**
         * Session
         * @description A person who is signed in, the project they look at, and those they may change to.
         */
        Session: {
            project: components["schemas"]["ProjectName"];
            /** Projects */
            projects: components["schemas"]["ProjectName"][];
            user: components["schemas"]["Account"];
        };
        /**
         * Settings
         * @description Everything that shapes the requests of a run; recorded with its result.
         *
         *     `system` replaces the examples' system message. `template` wraps the text of the user's messages, which stands
         *     where it says `{input}`. `shots` examples of `shots_split` are put before as user and assistant turns, the same for
         *     every request, chosen by `seed`. `limit` evaluates that many examples, chosen by `seed` (a larger limit contains a
         *     smaller one). `concurrency` requests are under way at once; latencies are measured under it.
         */
        Settings: {
            /**
             * Concurrency
             * @default 4
             */
            concurrency: number;
            /** Limit */
            limit?: number | null;
            /**
             * Max Tokens
             * @default 256
             */
            max_tokens: number;
            /**
             * Seed
             * @default 0
             */
            seed: number;
            /**
             * Shots
             * @default 0
             */
            shots: number;
            /**
             * Shots Split
             * @default train
             */
            shots_split: string;
            /** System */
            system?: string | null;
            /**
             * Temperature
             * @default 0
             */
            temperature: number;
            /** Template */
            template?: string | null;
        };
        /**
         * Shadow
         * @description A second target that gets the `share` of a route's calls as well. Its answers go to nobody; they are kept beside
         *     the first ones, and no budget of the caller's pays for them.
         */
        Shadow: {
            /** Model */
            model: string;
            /**
             * Share
             * @default 1
             */
            share: number;
        };
        /**
         * ShareWanted
         * @description The share of the route that the candidate shall have.
         */
        ShareWanted: {
            /** Share */
            share: number;
        };
        /**
         * SignIn
         * @description Who signs in.
         */
        SignIn: {
            /** Email */
            email: string;
            /**
             * Password
             * Format: password
             */
            password: string;
        };
        /**
         * SkippedRow
         * @description A row that was left out, and why.
         */
        SkippedRow: {
            /** Reason */
            reason: string;
            /** Row */
            row: string;
        };
        /**
         * Span
         * @description A timed step. `id` is Vong's (UUIDv7 at the start time); `trace_id` (32 hex digits), `span_id` and
         *     `parent_span_id` (16) are OpenTelemetry's. `attributes` follow OpenTelemetry's GenAI conventions.
         *     `input` and `output` are the bodies, stored compressed; null where they were not captured. An `attempt` is a step
         *     below a call's span: lists leave it out where nobody asks for it, and it counts in no usage.
         */
        Span: {
            /**
             * Attributes
             * @default {}
             */
            attributes: {
                [key: string]: unknown;
            };
            /** Duration Ms */
            duration_ms: number;
            /** Error */
            error?: string | null;
            /** First Token Ms */
            first_token_ms?: number | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Input */
            input?: unknown;
            /** Key */
            key?: string | null;
            /**
             * Kind
             * @default other
             * @enum {string}
             */
            kind: "chat" | "embeddings" | "retrieval" | "tool" | "pipeline" | "job" | "attempt" | "other";
            /** Model */
            model?: string | null;
            /** Name */
            name: string;
            /** Output */
            output?: unknown;
            /** Parent Span Id */
            parent_span_id?: string | null;
            /** Session */
            session?: string | null;
            /** Span Id */
            span_id: string;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /**
             * Status
             * @default ok
             * @enum {string}
             */
            status: "ok" | "error";
            /** Trace Id */
            trace_id: string;
            /** @default {} */
            usage: components["schemas"]["Usage"];
            /** User */
            user?: string | null;
            /** @default {} */
            versions: components["schemas"]["Versions"];
        };
        /**
         * SpanNode
         * @description A span in its trace. `offset_ms` counts from the start of the trace; children are ordered by their start.
         */
        SpanNode: {
            /**
             * Children
             * @default []
             */
            children: components["schemas"]["SpanNode"][];
            /** Offset Ms */
            offset_ms: number;
            span: components["schemas"]["SpanSummary"];
        };
        /**
         * SpanSummary
         * @description A span without its bodies and attributes. The previews are the beginnings (160 characters) of the text that a
         *     person would read in its input (newest message first) and output. `scores` and `corrections` say how many there are
         *     of it, where a list says so; null where nobody looked.
         */
        SpanSummary: {
            /** Corrections */
            corrections?: number | null;
            /** Duration Ms */
            duration_ms: number;
            /** Error */
            error?: string | null;
            /** First Token Ms */
            first_token_ms?: number | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Input Preview
             * @default
             */
            input_preview: string;
            /** Key */
            key?: string | null;
            /** Kind */
            kind: string;
            /** Model */
            model?: string | null;
            /** Name */
            name: string;
            /**
             * Output Preview
             * @default
             */
            output_preview: string;
            /** Parent Span Id */
            parent_span_id?: string | null;
            /** Scores */
            scores?: number | null;
            /** Session */
            session?: string | null;
            /** Span Id */
            span_id: string;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "error";
            /** Trace Id */
            trace_id: string;
            /** @default {} */
            usage: components["schemas"]["Usage"];
            /** User */
            user?: string | null;
            /** @default {} */
            versions: components["schemas"]["Versions"];
        };
        /**
         * SplitSettings
         * @description `splits` maps names to shares (together at most 1) or to numbers of rows; what they do not take is left out.
         *
         *     `stratify` are label paths (`completion.intent`, `metadata.channel`) whose values every split gets its share of.
         *     `group` is a label path whose rows stay together beside the near-duplicates (a customer, a thread).
         */
        SplitSettings: {
            /** Group */
            group?: string | null;
            /**
             * Seed
             * @default 0
             */
            seed: number;
            /**
             * Splits
             * @default {
             *       "test": 0.1,
             *       "train": 0.8,
             *       "validation": 0.1
             *     }
             */
            splits: {
                [key: string]: number;
            };
            /**
             * Stratify
             * @default []
             */
            stratify: string[];
            /**
             * Threshold
             * @default 0.8
             */
            threshold: number;
        };
        /**
         * SplitWanted
         * @description How to split, and the dataset that gets the result (the same one where none is named).
         */
        SplitWanted: {
            /** Name */
            name?: string | null;
            /**
             * @default {
             *       "seed": 0,
             *       "splits": {
             *         "test": 0.1,
             *         "train": 0.8,
             *         "validation": 0.1
             *       },
             *       "stratify": [],
             *       "threshold": 0.8
             *     }
             */
            settings: components["schemas"]["SplitSettings"];
        };
        /**
         * Started
         * @description A run and the job that does it.
         */
        Started: {
            job: components["schemas"]["Job"];
            run: components["schemas"]["Run"];
        };
        /**
         * StepFigures
         * @description The figures of one step.
         */
        StepFigures: {
            /** At */
            at?: string | null;
            /** Step */
            step: number;
            /** Values */
            values: {
                [key: string]: number;
            };
        };
        /**
         * Storage
         * @description Bytes on disk. Blobs are null where they lie in an object store; `spans` is PostgreSQL's own estimate.
         */
        Storage: {
            /** Blob Bytes */
            blob_bytes: number | null;
            /** Blob Url */
            blob_url: string;
            /** Blobs */
            blobs: number | null;
            /** Database Bytes */
            database_bytes: number;
            /** Free Bytes */
            free_bytes: number;
            /** Spans */
            spans: number;
        };
        /**
         * Stored
         * @description How many spans are committed.
         */
        Stored: {
            /** Stored */
            stored: number;
        };
        /**
         * Summary
         * @description The scores of one group. `low` and `high` bound the mean at 95 %: by `wilson` where all values are 0 or 1, else
         *     by `normal`; null below two values. They hold for a look at a moment fixed beforehand, not for a stopping rule.
         */
        Summary: {
            /** Comments */
            comments: number;
            /** Corrections */
            corrections: number;
            /** High */
            high?: number | null;
            /** Low */
            low?: number | null;
            /** Mean */
            mean?: number | null;
            /** Method */
            method?: ("wilson" | "normal") | null;
            /** Model */
            model?: string | null;
            /** Model Version */
            model_version?: string | null;
            /** N */
            n: number;
            /** Name */
            name?: string | null;
            /** Route */
            route?: string | null;
            /** Scores */
            scores: number;
            /** Source */
            source?: string | null;
        };
        /**
         * Target
         * @description One model that a route may choose.
         *
         *     `model` is written as a caller would write it: `deployment/NAME` for a local deployment, `PROVIDER/MODEL` for a
         *     provider (`openai/gpt-4o-mini`, `echo/echo`). `weight` is its share against the other targets' weights.
         */
        Target: {
            /** Model */
            model: string;
            /**
             * Weight
             * @default 1
             */
            weight: number;
        };
        /**
         * TargetState
         * @description How a target of a route stands. `circuit` is `open` while it rests after failures and `half-open` while one call
         *     tries it before all others; `failures` are those within the breaker's window, and `retry_in` the seconds until a
         *     call may try it. `busy` calls are under way and `waiting` ones wait for their turn, from all routes. The latencies
         *     are decayed means of the last two minutes, in milliseconds: of streams to their first token, of whole answers to
         *     their end. Null is what nobody counts: a route without a policy and without a tree asks once, whatever happened.
         */
        TargetState: {
            /** Busy */
            busy?: number | null;
            /** Circuit */
            circuit?: ("closed" | "open" | "half-open") | null;
            /** Failures */
            failures?: number | null;
            /** First Token Ms */
            first_token_ms?: number | null;
            /** Retry In */
            retry_in?: number | null;
            /** Route */
            route: string;
            /** Target */
            target: string;
            /** Waiting */
            waiting?: number | null;
            /** Whole Ms */
            whole_ms?: number | null;
        };
        /**
         * TargetsReport
         * @description The targets of all routes as the server process saw them that answered: `server` is its process id. Where several
         *     share the port, another one may have seen otherwise.
         */
        TargetsReport: {
            /** Server */
            server: number;
            /** Targets */
            targets: components["schemas"]["TargetState"][];
        };
        /**
         * TextToTry
         * @description A text, as of a request or of an answer, and the guards to try on it; without any it is tried on those of calls
         *     to `model`, a route or another name: without that too, on the project's.
         */
        TextToTry: {
            /**
             * Guards
             * @default []
             */
            guards: components["schemas"]["GuardUse"][];
            /**
             * Model
             * @default
             */
            model: string;
            /**
             * On
             * @default input
             * @enum {string}
             */
            on: "input" | "output";
            /** Text */
            text: string;
        };
        /**
         * Timeouts
         * @description How long one attempt may take, in seconds. The provider's own `timeout` holds beside them: the shorter wins.
         *
         *     A healthy host connects in well under a second, and a lost packet is sent again after 1 and after 3: hence 5. Long
         *     prompts and models that think first are silent for long, hence 60 to the first token of a stream; no model that is
         *     of use takes 30 for the next one. `total` is for whole answers and streams alike; null leaves it to the provider.
         */
        Timeouts: {
            /**
             * Between Tokens
             * @default 30
             */
            between_tokens: number;
            /**
             * Connect
             * @default 5
             */
            connect: number;
            /**
             * First Token
             * @default 60
             */
            first_token: number;
            /** Total */
            total?: number | null;
        };
        /**
         * Trace
         * @description All spans of one trace as trees. A span whose parent is not recorded here (a caller's own span, or one still
         *     running) is a root. `usage` sums the spans that have no measured child, so that nothing counts twice; its cost is
         *     null where any of them has no known price.
         */
        Trace: {
            /** Duration Ms */
            duration_ms: number;
            /** Errors */
            errors: number;
            /** Roots */
            roots: components["schemas"]["SpanNode"][];
            /** Spans */
            spans: number;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /** Trace Id */
            trace_id: string;
            /** @default {} */
            usage: components["schemas"]["Usage"];
        };
        /**
         * TracesStanding
         * @description Spans of the last 24 hours, counted in whole hours.
         */
        TracesStanding: {
            /**
             * Spans
             * @default 0
             */
            spans: number;
        };
        /**
         * TrailPoint
         * @description What was known after `n` pairs: see `vong.loop.sequential.Point`.
         */
        TrailPoint: {
            /** Candidate */
            candidate: number;
            /** E Better */
            e_better: number;
            /** E Worse */
            e_worse: number;
            /** High */
            high: number;
            /** Incumbent */
            incumbent: number;
            /** Low */
            low: number;
            /** N */
            n: number;
        };
        /**
         * TrainingPlan
         * @description An estimate. Bytes and seconds; `rate_source` says where `tokens_per_second` comes from. `seconds` holds
         *     training and evaluations, not the load of the model.
         */
        TrainingPlan: {
            /** Left Out */
            left_out: number;
            /** Memory Bytes */
            memory_bytes: number;
            /**
             * Notes
             * @default []
             */
            notes: string[];
            /** Parameters */
            parameters: number;
            /** Rate Source */
            rate_source: string;
            /** Rows */
            rows: number;
            /** Seconds */
            seconds: number;
            /** Steps */
            steps: number;
            /** Tokens */
            tokens: number;
            /** Tokens Per Second */
            tokens_per_second: number;
            /** Trained Parameters */
            trained_parameters: number;
            /** Validation Rows */
            validation_rows: number;
        };
        /**
         * TrainingStanding
         * @description Training runs. `best` is the run with the lowest evaluation loss of the last 20 that finished.
         */
        TrainingStanding: {
            /** Best */
            best?: string | null;
            /** Best Loss */
            best_loss?: number | null;
            /** Best Name */
            best_name?: string | null;
            /**
             * Finished
             * @default 0
             */
            finished: number;
            /**
             * Running
             * @default 0
             */
            running: number;
        };
        /**
         * TrainingWanted
         * @description A training run: what to teach (`base`, a model ref), from what (`dataset`, its splits), and how.
         */
        TrainingWanted: {
            /** Base */
            base: string;
            /** Dataset */
            dataset: string;
            /** Name */
            name: string;
            /**
             * Recipe
             * @default sft
             */
            recipe: string;
            /**
             * Settings
             * @default {}
             */
            settings: {
                [key: string]: unknown;
            };
            /**
             * Train Split
             * @default train
             */
            train_split: string;
            /**
             * Validation Split
             * @default validation
             */
            validation_split: string;
        };
        /**
         * TurnPlan
         * @description A turn. `rows` is a shipped file (`shipped:tickets.jsonl`) or rows imported before (`dataset:REF`), `base` a
         *     shipped model (`shipped:smollm2-135m-instruct`) or a registered one (`model:REF`), `handbook` a shipped folder or a
         *     knowledge base that exists (`base:NAME`).
         *
         *     `fields` are the closed JSON fields that an answer is judged by; `splits` the shares of the rows, whose names the
         *     steps use: `train` and `validation` for training, `traffic` for the replayed requests, `test` for the evaluations,
         *     `canary` for the replayed requests of the canary. No row of the last three is ever trained on.
         */
        TurnPlan: {
            /**
             * Base
             * @default shipped:smollm2-135m-instruct
             */
            base: string;
            /**
             * @default {
             *       "alpha": 0.05,
             *       "margin": 0,
             *       "min_pairs": 10,
             *       "share": 0.5
             *     }
             */
            canary: components["schemas"]["CanaryPlan"];
            /**
             * Dataset
             * @default tickets
             */
            dataset: string;
            /**
             * Engine
             * @default transformers
             */
            engine: string;
            /**
             * Fields
             * @default [
             *       "product",
             *       "urgency",
             *       "intent"
             *     ]
             */
            fields: string[];
            /**
             * Handbook
             * @default shipped:handbook
             */
            handbook: string;
            /**
             * Input
             * @default text
             */
            input: string;
            /**
             * Max Tokens
             * @default 72
             */
            max_tokens: number;
            /**
             * Name
             * @default triage
             */
            name: string;
            /**
             * Output
             * @default triage
             */
            output: string;
            prompts: components["schemas"]["Prompts"];
            /**
             * Questions
             * @default []
             */
            questions: string[];
            /**
             * Rows
             * @default shipped:tickets.jsonl
             */
            rows: string;
            /**
             * Seed
             * @default 0
             */
            seed: number;
            /**
             * Shots
             * @default 3
             */
            shots: number;
            /** Splits */
            splits: {
                [key: string]: number;
            };
            /**
             * Stratify
             * @default completion.intent
             */
            stratify: string;
            /**
             * Training
             * @default {}
             */
            training: {
                [key: string]: unknown;
            };
        };
        /**
         * TurnWanted
         * @description The turn to run; without a plan it is the quickstart's, on the shipped samples.
         */
        TurnWanted: {
            plan?: components["schemas"]["TurnPlan"] | null;
        };
        /**
         * Usage
         * @description Tokens as the model that bills them counts them; `cost` in millionths of a US dollar, null where the price
         *     is unknown (never 0 for unknown).
         */
        Usage: {
            /** Cached Tokens */
            cached_tokens?: number | null;
            /** Cost */
            cost?: number | null;
            /** Input Tokens */
            input_tokens?: number | null;
            /** Output Tokens */
            output_tokens?: number | null;
        };
        /**
         * UsagePoint
         * @description The calls of one group that began in the bucket which starts `at` that moment.
         */
        UsagePoint: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /**
             * Calls
             * @default 0
             */
            calls: number;
            /** Cost */
            cost?: number | null;
            /**
             * Errors
             * @default 0
             */
            errors: number;
            /** First Token P50 */
            first_token_p50?: number | null;
            /** Group */
            group?: string | null;
            /** Input Tokens */
            input_tokens?: number | null;
            /** Latency P50 */
            latency_p50?: number | null;
            /** Latency P95 */
            latency_p95?: number | null;
            /** Output Tokens */
            output_tokens?: number | null;
            /**
             * Priced
             * @default 0
             */
            priced: number;
        };
        /**
         * UsageReport
         * @description Points in the order of time (buckets without calls have none), and totals by group, most calls first. Points of
         *     all but the largest groups are together in the group `…`. By user and tag they come from the ledger, where a call
         *     with several tags counts in each.
         */
        UsageReport: {
            /**
             * Bucket
             * @enum {string}
             */
            bucket: "minute" | "hour" | "day";
            /**
             * By
             * @enum {string}
             */
            by: "model" | "route" | "key" | "user" | "tag" | "none";
            /**
             * Points
             * @default []
             */
            points: components["schemas"]["UsagePoint"][];
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /**
             * Totals
             * @default []
             */
            totals: components["schemas"]["Consumed"][];
            /**
             * Until
             * Format: date-time
             */
            until: string;
        };
        /**
         * User
         * @description A person who can sign in, and the names of the projects they may work in (an owner: all).
         */
        User: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Email */
            email: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Projects
             * @default []
             */
            projects: string[];
            /**
             * Role
             * @enum {string}
             */
            role: "owner" | "member" | "viewer";
        };
        /**
         * UserWanted
         * @description The account to make. Without a `password` Vong chooses one and shows it once. `projects` (by name) are those that
         *     the person may work in: the caller's own where none is named; an owner may work in all.
         */
        UserWanted: {
            /** Email */
            email: string;
            /** Password */
            password?: string | null;
            /**
             * Projects
             * @default []
             */
            projects: string[];
            /**
             * Role
             * @default member
             * @enum {string}
             */
            role: "owner" | "member" | "viewer";
        };
        /** ValidationError */
        ValidationError: {
            /** Context */
            ctx?: Record<string, never>;
            /** Input */
            input?: unknown;
            /** Location */
            loc: (string | number)[];
            /** Message */
            msg: string;
            /** Error Type */
            type: string;
        };
        /**
         * VersionEdge
         * @description `child` was made from `parent` by `operation`.
         */
        VersionEdge: {
            /** Child */
            child: string;
            /** Operation */
            operation: string;
            /** Parent */
            parent: string;
        };
        /**
         * VersionGraph
         * @description The newest versions of a dataset and their parents, those of other datasets too; newest first. `more` counts the
         *     older versions that are not shown.
         */
        VersionGraph: {
            /** Edges */
            edges: components["schemas"]["VersionEdge"][];
            /** More */
            more: number;
            /** Name */
            name: string;
            /** Nodes */
            nodes: components["schemas"]["VersionNode"][];
        };
        /**
         * VersionNode
         * @description One version. `known` is false for a parent that is not there (any more): then only its ref is known.
         */
        VersionNode: {
            /** Created At */
            created_at?: string | null;
            /**
             * Known
             * @default true
             */
            known: boolean;
            /** Name */
            name: string;
            /** Number */
            number?: number | null;
            operation?: components["schemas"]["Operation"] | null;
            /** Ref */
            ref: string;
            /** Rows */
            rows?: number | null;
            /**
             * Splits
             * @default {}
             */
            splits: {
                [key: string]: number;
            };
        };
        /**
         * Versions
         * @description The exact configuration behind an answer. Each field is a ref or a hash; null where it played no part.
         */
        Versions: {
            /** Config Hash */
            config_hash?: string | null;
            /** Dataset Version */
            dataset_version?: string | null;
            /** Deployment */
            deployment?: string | null;
            /** Index Version */
            index_version?: string | null;
            /** Model Version */
            model_version?: string | null;
            /** Prompt Version */
            prompt_version?: string | null;
            /** Route */
            route?: string | null;
            /** Route Version */
            route_version?: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    access_show_installation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Installation"];
                };
            };
        };
    };
    access_keys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"][];
                };
            };
        };
    };
    access_create_key: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    access_get_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    access_revoke_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    access_rotate_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Rotation"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewKey"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    access_change_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    access_projects: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"][];
                };
            };
        };
    };
    access_create_project: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    access_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
        };
    };
    access_switch_project: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectChoice"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    access_sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SignIn"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    access_sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    access_users: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"][];
                };
            };
        };
    };
    access_create_user: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewUser"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    access_remove_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                email: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    access_reset_password: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                email: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordReset"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewUser"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    data_datasets: {
        parameters: {
            query?: {
                after?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetVersion"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    data_version_graph: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VersionGraph"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    data_append_rows: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Example"][];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetVersion"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    data_versions: {
        parameters: {
            query?: {
                after?: number | null;
                limit?: number;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetVersion"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    data_import_files: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["Body_data_import_files"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    data_diff: {
        parameters: {
            query: {
                a: string;
                b: string;
                limit?: number;
                kind?: ("added" | "removed" | "changed") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Diff"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    data_preview_files: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["Body_data_preview_files"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FilePreview"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    data_version: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetVersion"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    data_changes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CleaningChange"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    data_clean: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["CleanWanted"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    data_profile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ProfileSettings"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    data_report: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Report"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    data_rows: {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
                split?: string | null;
                /** @description Stands in question or answer, in any case. */
                text?: string | null;
                /** @description FIELD=VALUE, as often as wanted. */
                metadata?: string[] | null;
                /** @description PATH=VALUE: completion.intent=refund. */
                label?: string[] | null;
                /** @description Where rows came from; `span`: a correction. */
                origin?: ("span" | "row" | "file" | "document" | "annotator") | null;
            };
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Row"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    data_edit_rows: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RowEdit"][];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetVersion"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    data_count_rows: {
        parameters: {
            query?: {
                split?: string | null;
                /** @description Stands in question or answer, in any case. */
                text?: string | null;
                /** @description FIELD=VALUE, as often as wanted. */
                metadata?: string[] | null;
                /** @description PATH=VALUE: completion.intent=refund. */
                label?: string[] | null;
                /** @description Where rows came from; `span`: a correction. */
                origin?: ("span" | "row" | "file" | "document" | "annotator") | null;
            };
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RowCount"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    data_split: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SplitWanted"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    evals_compare: {
        parameters: {
            query: {
                a: string;
                b: string;
                changes?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvalComparison"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    evals_runs: {
        parameters: {
            query?: {
                model?: string | null;
                after?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvalResult"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    evals_run: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EvalWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunStarted"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    evals_show: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvalResult"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    evals_examples: {
        parameters: {
            query?: {
                failed?: boolean;
                changed_from?: string | null;
                after?: number;
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScoredAnswer"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    evals_scorers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScorerInfo"][];
                };
            };
        };
    };
    experiments_compare: {
        parameters: {
            query: {
                run: string[];
                points?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunComparison"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    experiments_runs: {
        parameters: {
            query?: {
                after?: string | null;
                limit?: number;
                name?: string | null;
                status?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    experiments_start: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunBegun"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    experiments_run: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    experiments_events: {
        parameters: {
            query?: {
                /** @description Go on after this event; the header Last-Event-ID wins. */
                after?: string;
            };
            header?: {
                "Last-Event-ID"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events: `metrics` (figures of a step), `end` (the Run), which is the last. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    experiments_finish: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunEnded"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    experiments_metrics: {
        parameters: {
            query?: {
                /** @description Which figures; all if none is named. */
                name?: string[] | null;
                points?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Curve"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    experiments_log: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepFigures"][];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    feedback_scores: {
        parameters: {
            query?: {
                spans?: string[];
                name?: string | null;
                route?: string | null;
                model?: string | null;
                model_version?: string | null;
                source?: ("human" | "judge" | "program" | "replay") | null;
                kind?: ("score" | "correction" | "comment") | null;
                harvested?: boolean | null;
                since?: string | null;
                until?: string | null;
                after?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Score"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    feedback_add: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Judgement"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Score"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    feedback_preview: {
        parameters: {
            query?: {
                min_value?: number;
                name?: string | null;
                pairs?: boolean;
                split?: string | null;
                spans?: string[];
                route?: string | null;
                model_version?: string | null;
                source?: ("human" | "judge" | "program" | "replay") | null;
                since?: string | null;
                until?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Harvest"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    feedback_harvest: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HarvestWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Harvested"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    feedback_inbox: {
        parameters: {
            query?: {
                spans?: string[];
                name?: string | null;
                route?: string | null;
                model?: string | null;
                model_version?: string | null;
                source?: ("human" | "judge" | "program" | "replay") | null;
                kind?: ("score" | "correction" | "comment") | null;
                harvested?: boolean | null;
                since?: string | null;
                until?: string | null;
                after?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InboxItem"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    feedback_summary: {
        parameters: {
            query?: {
                spans?: string[];
                name?: string | null;
                route?: string | null;
                model?: string | null;
                model_version?: string | null;
                source?: ("human" | "judge" | "program" | "replay") | null;
                kind?: ("score" | "correction" | "comment") | null;
                harvested?: boolean | null;
                since?: string | null;
                until?: string | null;
                by?: ("name" | "route" | "model" | "model_version" | "source")[];
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Summary"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_list_batches: {
        parameters: {
            query?: {
                after?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Batch"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_get_batch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Batch"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_cancel_batch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Batch"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_cache: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CacheState"][];
                };
            };
        };
    };
    gateway_clear_cache: {
        parameters: {
            query?: {
                route?: string | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Cleared"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_comparisons: {
        parameters: {
            query?: {
                route?: string | null;
                kind?: ("shadow" | "cache") | null;
                after?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pair"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_compared_targets: {
        parameters: {
            query?: {
                route?: string | null;
                kind?: ("shadow" | "cache") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ComparedTarget"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_guards: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectGuards"];
                };
            };
        };
    };
    gateway_set_guards: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GuardsWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectGuards"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_guards_history: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProjectGuards"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_guard_kinds: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuardKind"][];
                };
            };
        };
    };
    gateway_self_test: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SelfTest"];
                };
            };
        };
    };
    gateway_try_guards: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TextToTry"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuardTrial"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_read_ledger: {
        parameters: {
            query?: {
                since?: string | null;
                until?: string | null;
                by?: "none" | "key" | "user" | "model" | "route" | "tag" | "day";
                bucket?: ("hour" | "day" | "month") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LedgerLine"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_limits: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LimitState"][];
                };
            };
        };
    };
    gateway_set_limit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LimitWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Limit"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_remove_limit: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Limit"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_models: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallableModel"][];
                };
            };
        };
    };
    gateway_prices: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnPrice"][];
                };
            };
        };
    };
    gateway_set_price: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PriceWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnPrice"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_remove_price: {
        parameters: {
            query: {
                target: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnPrice"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_providers: {
        parameters: {
            query?: {
                probe?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderState"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_get_provider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderState"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_put_provider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProviderWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderState"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_delete_provider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderState"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_test_provider: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderTest"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_list_routes: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Route"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_get_route: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Route"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_put_route: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RouteWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Route"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_delete_route: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Route"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_history: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RouteVersion"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    gateway_targets: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TargetsReport"];
                };
            };
        };
    };
    gateway_usage: {
        parameters: {
            query?: {
                since?: string | null;
                until?: string | null;
                bucket?: "minute" | "hour" | "day";
                by?: "model" | "route" | "key" | "user" | "tag" | "none";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsageReport"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    jobs_list_jobs: {
        parameters: {
            query?: {
                status?: ("queued" | "running" | "finished" | "failed" | "cancelled") | null;
                kind?: string | null;
                after?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    jobs_show: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    jobs_cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    jobs_events: {
        parameters: {
            query?: {
                /** @description Go on after this event; the header Last-Event-ID wins. */
                after?: string;
            };
            header?: {
                "Last-Event-ID"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events: `progress` (a Job), `log` (a LogLine), `end` (a Job), which is the last. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    jobs_log: {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogLine"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    jobs_retry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    knowledge_bases: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Base"][];
                };
            };
        };
    };
    knowledge_ask: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                base: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Question"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Answer"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    knowledge_documents: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                base: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Document"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    knowledge_add_documents: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                base: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["Body_knowledge_add_documents"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    knowledge_remove_document: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                base: string;
                path: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    knowledge_search: {
        parameters: {
            query: {
                q: string;
                limit?: number;
            };
            header?: never;
            path: {
                base: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Passage"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    knowledge_chunks: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                document_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Chunk"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    loop_canaries: {
        parameters: {
            query?: {
                status?: ("running" | "promoted" | "rolled_back" | "kept" | "superseded") | null;
                after?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Canary"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    loop_start_canary: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CanaryWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Canary"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    loop_canary: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Canary"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    loop_decide: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DecisionWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Canary"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    loop_evaluate: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Canary"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    loop_change_share: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ShareWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Canary"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    loop_show_overview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
        };
    };
    loop_list_turns: {
        parameters: {
            query?: {
                after?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    loop_start_turn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TurnWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    loop_show_turn: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    registry_lineage: {
        parameters: {
            query: {
                of: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Lineage"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    registry_models: {
        parameters: {
            query?: {
                after?: string | null;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Model"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    registry_import_model: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ImportWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    registry_aliases: {
        parameters: {
            query?: {
                history?: boolean;
                limit?: number;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasMove"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    registry_set_alias: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                alias: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AliasWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasMove"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    registry_versions: {
        parameters: {
            query?: {
                after?: number | null;
                limit?: number;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelVersion"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    registry_version: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                ref: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelVersion"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    serving_deployments: {
        parameters: {
            query?: {
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployment"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    serving_deployment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployment"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    serving_deploy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeploymentWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployed"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    serving_stop: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployment"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    serving_log: {
        parameters: {
            query?: {
                lines?: number;
            };
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogTail"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    serving_restart: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployed"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    traces_facets: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Facets"];
                };
            };
        };
    };
    traces_spans: {
        parameters: {
            query?: {
                text?: string | null;
                /** @description Started at this moment or later. */
                since?: string | null;
                /** @description Started before this moment. */
                until?: string | null;
                model?: string | null;
                route?: string | null;
                deployment?: string | null;
                /** @description A model version's ref: name@hash. */
                model_version?: string | null;
                status?: ("ok" | "error") | null;
                user?: string | null;
                session?: string | null;
                kind?: string | null;
                /** @description The name of the API key that called. */
                key?: string | null;
                trace_id?: string | null;
                min_duration_ms?: number | null;
                /** @description The id of the last span of the page before. */
                after?: string | null;
                limit?: number;
                /** @description Only spans that have a score, or a correction. */
                has?: ("score" | "correction") | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SpanSummary"][];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    traces_ingest: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Span"][];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Stored"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    traces_count: {
        parameters: {
            query?: {
                text?: string | null;
                /** @description Started at this moment or later. */
                since?: string | null;
                /** @description Started before this moment. */
                until?: string | null;
                model?: string | null;
                route?: string | null;
                deployment?: string | null;
                /** @description A model version's ref: name@hash. */
                model_version?: string | null;
                status?: ("ok" | "error") | null;
                user?: string | null;
                session?: string | null;
                kind?: string | null;
                /** @description The name of the API key that called. */
                key?: string | null;
                trace_id?: string | null;
                min_duration_ms?: number | null;
                /** @description Counting ends here: more than a person reads. */
                at_most?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Count"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    traces_events: {
        parameters: {
            query?: {
                text?: string | null;
                /** @description Started at this moment or later. */
                since?: string | null;
                /** @description Started before this moment. */
                until?: string | null;
                model?: string | null;
                route?: string | null;
                deployment?: string | null;
                /** @description A model version's ref: name@hash. */
                model_version?: string | null;
                status?: ("ok" | "error") | null;
                user?: string | null;
                session?: string | null;
                kind?: string | null;
                /** @description The name of the API key that called. */
                key?: string | null;
                trace_id?: string | null;
                min_duration_ms?: number | null;
                /** @description Go on after this event; the header Last-Event-ID wins. */
                after?: string;
            };
            header?: {
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events: `spans` (an Arrived). The stream ends when the server goes down. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    traces_span: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Span"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    traces_trace: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trace"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    training_plan: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TrainingWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrainingPlan"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    training_recipes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecipeInfo"][];
                };
            };
        };
    };
    training_start: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TrainingWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Started"];
                };
            };
            /** @description Validation Error */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HTTPValidationError"];
                };
            };
        };
    };
    health_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    health_prometheus: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": unknown;
                };
            };
        };
    };
}
