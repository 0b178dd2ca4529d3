// Written by `make docs` from openapi.json. Do not edit.

export interface paths {
    "/api/v1/access/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Keys
         * @description List the API keys of the project, without their secrets.
         */
        get: operations["access_list_keys"];
        put?: never;
        /**
         * Create Key
         * @description Create an API key. Owners only. The secret is returned only in this response.
         *
         *     An active key of the project may not have the same name.
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
         * @description Return an active key by name, prefix or id.
         */
        get: operations["access_get_key"];
        put?: never;
        post?: never;
        /**
         * Revoke Key
         * @description Revoke a key by name, prefix or id. Owners only.
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
         * @description Replace the secret of a key. Owners only.
         *
         *     The new secret is returned only in this response. Name, scope, limits, budgets and ledger are kept.
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
         * @description Change the caller's own password. All other sessions of the user end.
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
         * List Projects
         * @description List the projects of the caller. Owners see all projects.
         */
        get: operations["access_list_projects"];
        put?: never;
        /**
         * Create Project
         * @description Create a project. Owners only.
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
         * Get Session
         * @description Return the signed-in user, the current project and the available projects. Returns 401 without a session.
         */
        get: operations["access_get_session"];
        /**
         * Switch Project
         * @description Switch the session to another project.
         */
        put: operations["access_switch_project"];
        /**
         * Sign In
         * @description Sign in and set the session cookie. Returns 429 after too many failed attempts.
         */
        post: operations["access_sign_in"];
        /**
         * Sign Out
         * @description Sign out and end the session immediately.
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
         * List Users
         * @description List all accounts. Owners only.
         */
        get: operations["access_list_users"];
        put?: never;
        /**
         * Create User
         * @description Create an account. Owners only.
         *
         *     A generated password is returned only in this response.
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
         * Delete User
         * @description Delete an account and end its sessions. Owners only. The last owner cannot be deleted.
         */
        delete: operations["access_delete_user"];
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
         * @description Reset the password of a user and end the user's sessions. Owners only.
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
         * List Datasets
         * @description List the newest version of every dataset by name. `after` is the last name of the previous page.
         */
        get: operations["data_list_datasets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data/datasets/{name}/documents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import Knowledge
         * @description Import the documents of a knowledge base as the next version of a dataset. The job result contains the ref.
         */
        post: operations["data_import_knowledge"];
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
         * Get Version Graph
         * @description Return the newest 200 versions of a dataset and their sources, including versions of other datasets.
         */
        get: operations["data_get_version_graph"];
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
         * @description Append rows that the dataset does not contain yet, as its next version.
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
         * List Versions
         * @description List the versions of a dataset, newest first. `after` is the last number of the previous page.
         */
        get: operations["data_list_versions"];
        put?: never;
        /**
         * Import Files
         * @description Upload files and import them as the next version of a dataset. The job result contains the ref.
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
         * Compare Versions
         * @description Return the differences of two versions: the counts, and the first different rows, optionally of one kind.
         */
        get: operations["data_compare_versions"];
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
         * @description Preview files, or their beginnings, before an import: format, columns and first rows. Nothing is stored.
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
         * Get Version
         * @description Return a version: NAME (the newest), NAME@NUMBER or NAME@HASH.
         */
        get: operations["data_get_version"];
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
         * List Changes
         * @description List the changes of cleaning or editing, by row.
         */
        get: operations["data_list_changes"];
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
         * Clean Version
         * @description Start a job that cleans a version into a new one. The job result has the new ref and the count of each change.
         */
        post: operations["data_clean_version"];
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
         * Profile Version
         * @description Start a job that creates the health report of a version. The report is stored with the version.
         */
        post: operations["data_profile_version"];
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
         * Get Report
         * @description Return the newest health report of a version.
         */
        get: operations["data_get_report"];
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
         * List Rows
         * @description List the rows after number `after` that match split, text, metadata, label and origin.
         */
        get: operations["data_list_rows"];
        put?: never;
        /**
         * Edit Rows
         * @description Change rows, or delete those with a null `example`, as the next version. Returns 409 if REF is not the newest.
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
         * @description Return the number of matching rows.
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
         * Split Version
         * @description Start a job that splits a version into a new one. The job result has the new ref and the rows of each split.
         */
        post: operations["data_split_version"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/alarms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Alarms
         * @description List the alarms of monitors, newest first.
         */
        get: operations["evals_list_alarms"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/alarms/{id}/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resolve Alarm
         * @description Mark an alarm as resolved, and test the score again from now on.
         */
        post: operations["evals_resolve_alarm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/calibrations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Calibration
         * @description Return a calibration: agreement with labels, biases, price, and if the judge can gate.
         */
        get: operations["evals_get_calibration"];
        put?: never;
        post?: never;
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
         * Compare Runs
         * @description Compare run `b` with run `a` on the same examples: differences, intervals, tests, and changed outputs.
         *
         *     Each `slice` is `language`, `length`, `label`, `label:FIELD` or `tag:KEY`.
         */
        get: operations["evals_compare_runs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/compare/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Compared Examples
         * @description List examples of both runs by position, with both outputs and their scores.
         */
        get: operations["evals_list_compared_examples"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/compare/dataset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Save Compared Examples
         * @description Append the examples that run `b` lost (or won, or tied) to a dataset, with both outputs in their metadata.
         */
        post: operations["evals_save_compared_examples"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/comparisons/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Judge Comparison
         * @description Return the wins, losses and ties of a comparison by a judge.
         */
        get: operations["evals_get_judge_comparison"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/gates/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Gate Approvals
         * @description List the approvals of a candidate for a subject, oldest first.
         */
        get: operations["evals_list_gate_approvals"];
        put?: never;
        /**
         * Approve Candidate
         * @description Approve a candidate for a subject. The approval holds for this content only, and jobs cannot approve.
         */
        post: operations["evals_approve_candidate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/gates/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Check Gate
         * @description Return what a candidate has and what is missing, with the command that provides each. Nothing is changed.
         */
        post: operations["evals_check_gate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/gates/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Gate Decisions
         * @description List the decisions of gates, newest first: of all subjects or of one (`kind` and `name`), passed or rejected.
         */
        get: operations["evals_list_gate_decisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/gates/decisions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Gate Decision
         * @description Return a decision with the result of every requirement.
         */
        get: operations["evals_get_gate_decision"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/gates/policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Gate Policies
         * @description List the gate policies by name.
         */
        get: operations["evals_list_gate_policies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/gates/policies/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Gate Policy
         * @description Return the newest version of a gate policy.
         */
        get: operations["evals_get_gate_policy"];
        /**
         * Set Gate Policy
         * @description Create a gate policy or its next version. Only for owners.
         */
        put: operations["evals_set_gate_policy"];
        post?: never;
        /**
         * Delete Gate Policy
         * @description Delete a gate policy. Its versions are kept. Only for owners.
         */
        delete: operations["evals_delete_gate_policy"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/gates/policies/{name}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Gate Policy Versions
         * @description List the versions of a gate policy, newest first.
         */
        get: operations["evals_list_gate_policy_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/imports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import Results
         * @description Import result files of lm-evaluation-harness, inspect_ai or promptfoo as finished runs, one per task.
         */
        post: operations["evals_import_results"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/judges": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Judges
         * @description List the judges of the project with their newest calibrations.
         */
        get: operations["evals_list_judges"];
        put?: never;
        /**
         * Create Judge
         * @description Store a version of a judge and make it the current one.
         */
        post: operations["evals_create_judge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/judges/{name}": {
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
         * Delete Judge
         * @description Delete a judge with its versions and calibrations.
         */
        delete: operations["evals_delete_judge"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/judges/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Judge
         * @description Return a judge (`NAME` or `NAME@VERSION`) with all versions and calibrations.
         */
        get: operations["evals_get_judge"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/judges/{ref}/calibrations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start Calibration
         * @description Start a calibration of a judge on the labels of a task. It runs as a job.
         */
        post: operations["evals_start_calibration"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/judges/{ref}/comparisons": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start Judge Comparison
         * @description Start a comparison of run `b` with run `a` by a pairwise judge. Its verdicts are stored as a run.
         */
        post: operations["evals_start_judge_comparison"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/judges/{ref}/judge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Judge Output
         * @description Judge one output and return the verdict with its reason.
         */
        post: operations["evals_judge_output"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/judges/{ref}/tuning": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tune Judge
         * @description Start the tuning of a judge's prompt on labels. The chosen version is stored as a candidate.
         */
        post: operations["evals_tune_judge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/judges/{ref}/use": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Use Judge
         * @description Make a version the current one of its judge, for example a tuned candidate.
         */
        post: operations["evals_use_judge"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Label Counts
         * @description List the number of labels that people gave to outputs of runs, by task.
         */
        get: operations["evals_list_label_counts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/monitors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Monitors
         * @description List the monitors by name, with counts, cost and open alarms.
         */
        get: operations["evals_list_monitors"];
        put?: never;
        /**
         * Create Monitor
         * @description Create a monitor that scores a sample of the calls from now on, with the caller's rights and limits.
         */
        post: operations["evals_create_monitor"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/monitors/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Monitor
         * @description Return a monitor with counts, cost and open alarms.
         */
        get: operations["evals_get_monitor"];
        put?: never;
        post?: never;
        /**
         * Delete Monitor
         * @description Delete a monitor with its samples and alarms. Scores of answers and review items are kept.
         */
        delete: operations["evals_delete_monitor"];
        options?: never;
        head?: never;
        /**
         * Update Monitor
         * @description Change settings of a monitor, pause or resume it. New scorers or drift rules begin with a new reference.
         */
        patch: operations["evals_update_monitor"];
        trace?: never;
    };
    "/api/v1/evals/monitors/{name}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Monitor History
         * @description Return the mean scores by hour (two days by default) or day (60 days), with counts and cost.
         */
        get: operations["evals_get_monitor_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/monitors/{name}/samples": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Monitor Samples
         * @description List sampled calls with their scores, newest first.
         */
        get: operations["evals_list_monitor_samples"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/reviews": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Reviews
         * @description List review items, newest first. `after` is the id of the last item of the previous page.
         */
        get: operations["evals_list_reviews"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/reviews/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Review
         * @description Return a review item.
         */
        get: operations["evals_get_review"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/reviews/{id}/assign": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Assign Review
         * @description Assign an item to a person, or to nobody.
         */
        post: operations["evals_assign_review"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/reviews/{id}/complete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Complete Review
         * @description Mark an item as done: corrected, accepted or dismissed. A correction becomes feedback for the next harvest.
         */
        post: operations["evals_complete_review"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/reviews/{id}/reopen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reopen Review
         * @description Mark an item as open again. Feedback that it created is kept.
         */
        post: operations["evals_reopen_review"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/reviews/{id}/take": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take Review
         * @description Assign an item to the caller, unless somebody else has it.
         */
        post: operations["evals_take_review"];
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
         * List Runs
         * @description List the evaluation runs of the project, newest first.
         */
        get: operations["evals_list_runs"];
        put?: never;
        /**
         * Start Run
         * @description Start an evaluation of a model on a dataset split. It runs as a job.
         */
        post: operations["evals_start_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/runs/recorded": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Record Run
         * @description Store outputs that another program scored, such as tests, as a finished run.
         */
        post: operations["evals_record_run"];
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
         * Get Run
         * @description Return an evaluation run: its scores, how each was computed, latency and tokens.
         */
        get: operations["evals_get_run"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/runs/{id}/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Labels
         * @description List the labels of the outputs of a run.
         */
        get: operations["evals_list_labels"];
        put?: never;
        /**
         * Add Label
         * @description Label an output of a run. A second label of the same person replaces the first.
         */
        post: operations["evals_add_label"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/runs/{id}/labels/next": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Outputs To Label
         * @description List outputs of a run that the caller has not labelled yet, without scores or verdicts.
         */
        get: operations["evals_list_outputs_to_label"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/runs/{id}/labels/{position}": {
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
         * Delete Label
         * @description Delete the caller's label of an output.
         */
        delete: operations["evals_delete_label"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/runs/{id}/outputs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Outputs
         * @description List the outputs of a run by position: all, the failed ones, or those that differ from another run.
         */
        get: operations["evals_list_outputs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/score": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Score
         * @description Score outputs that exist already: given texts, rows of a dataset, a run, a span, or a conversation.
         */
        post: operations["evals_score"];
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
         * List Scorers
         * @description List the installed scorers with their options.
         */
        get: operations["evals_list_scorers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/suite-runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Suite Runs
         * @description List suite runs, newest first. `suite` is NAME (all versions) or NAME@NUMBER.
         */
        get: operations["evals_list_suite_runs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/suite-runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Suite Run
         * @description Return a suite run: metrics with intervals, checks, the worst slices, counts, tokens and cost.
         */
        get: operations["evals_get_suite_run"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/suite-runs/{id}/comparison": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Compare Suite Runs
         * @description Compare a suite run with a baseline: the id of another run, or the label of the newest finished one.
         */
        get: operations["evals_compare_suite_runs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/suites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Suites
         * @description List the newest version of every suite, by name.
         */
        get: operations["evals_list_suites"];
        put?: never;
        /**
         * Create Suite
         * @description Store a suite as its next version. Datasets are fixed to the versions that they name now.
         *
         *     The newest version is returned if its content is equal.
         */
        post: operations["evals_create_suite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/suites/{name}": {
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
         * Delete Suite
         * @description Delete all versions of a suite. Its runs are kept.
         */
        delete: operations["evals_delete_suite"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/suites/{name}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Suite Versions
         * @description List the versions of a suite, newest first.
         */
        get: operations["evals_list_suite_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/suites/{ref}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Suite
         * @description Return a version of a suite: NAME (the newest) or NAME@NUMBER.
         */
        get: operations["evals_get_suite"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/suites/{ref}/estimate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Estimate Suite
         * @description Estimate the price, the time and the detectable difference of a suite run. Nothing is started.
         */
        post: operations["evals_estimate_suite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evals/suites/{ref}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start Suite Run
         * @description Start a run of a suite on a model, deployment or route. It runs as a job and resumes after a restart.
         */
        post: operations["evals_start_suite_run"];
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
         * Compare Runs
         * @description Compare runs: settings, best and last metrics, and curves downsampled to `points` points.
         */
        get: operations["experiments_compare_runs"];
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
         * List Runs
         * @description List the runs, newest first. `after` is the last id of the previous page.
         */
        get: operations["experiments_list_runs"];
        put?: never;
        /**
         * Start Run
         * @description Start a run of an external trainer that logs its own metrics. Vong's trainer is started under training.
         */
        post: operations["experiments_start_run"];
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
         * Get Run
         * @description Return a run with its settings, best and last metrics, and warnings.
         */
        get: operations["experiments_get_run"];
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
         * Stream Run Events
         * @description Stream the metrics of a run until it ends. `Last-Event-ID` resumes a broken stream.
         */
        get: operations["experiments_stream_run_events"];
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
         * Finish Run
         * @description Finish a run with its status.
         */
        post: operations["experiments_finish_run"];
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
         * Get Metrics
         * @description Return the metric curves of a run, downsampled to `points` points each. LTTB keeps measured points only.
         */
        get: operations["experiments_get_metrics"];
        put?: never;
        /**
         * Log Metrics
         * @description Log metrics. Values of a step that is sent again replace the earlier ones.
         */
        post: operations["experiments_log_metrics"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/experiments/runs/{id}/samples": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Samples
         * @description Return the sample generations of one step, beside the references and the outputs of the base.
         */
        get: operations["experiments_get_samples"];
        put?: never;
        /**
         * Log Samples
         * @description Log sample generations. A sample of the same step and number is replaced.
         */
        post: operations["experiments_log_samples"];
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
         * List Scores
         * @description List matching scores, newest first. `after` is the id of the last score of the previous page.
         */
        get: operations["feedback_list_scores"];
        put?: never;
        /**
         * Add Score
         * @description Score a span with a value, a comment or a correction. A score with the same id is stored once.
         */
        post: operations["feedback_add_score"];
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
         * Preview Harvest
         * @description Preview a harvest: its counts, disagreements, and the newest 50 examples, newest first.
         */
        get: operations["feedback_preview_harvest"];
        put?: never;
        /**
         * Harvest Examples
         * @description Write corrections and good answers as rows of the dataset's next version.
         */
        post: operations["feedback_harvest_examples"];
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
         * List Inbox
         * @description List matching scores, newest first, each with the span that it judges.
         */
        get: operations["feedback_list_inbox"];
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
         * Summarize Scores
         * @description Summarize matching scores for each combination of the fields in `by`: mean and 95 % interval.
         */
        get: operations["feedback_summarize_scores"];
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
         * @description List batches with their cost so far, newest first. `after` is the last id of the previous page.
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
         * @description Return a batch. Its job has the same id.
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
         * @description Cancel a batch.
         *
         *     A queued batch ends immediately, a running one within seconds, with the files of the finished requests.
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
         * Get Cache Stats
         * @description Return cache statistics per route: entries, hits and false hits.
         */
        get: operations["gateway_get_cache_stats"];
        put?: never;
        post?: never;
        /**
         * Clear Cache
         * @description Delete the cached responses of a route, or of all routes.
         */
        delete: operations["gateway_clear_cache"];
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
         * Get Guards
         * @description Return the guards of all calls of the project.
         */
        get: operations["gateway_get_guards"];
        /**
         * Set Guards
         * @description Set the guards of all calls of the project. Owners only. Setting the same guards again changes nothing.
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
         * List Guard Versions
         * @description List the versions of the project's guards, newest first.
         */
        get: operations["gateway_list_guard_versions"];
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
        get?: never;
        put?: never;
        /**
         * Run Self Test
         * @description Send a test card number through every path of the gateway, and report whether it is masked on each.
         */
        post: operations["gateway_run_self_test"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/guards/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Test Guards
         * @description Test guards on a text. Nothing is stored.
         */
        post: operations["gateway_test_guards"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/guards/types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Guard Types
         * @description List the installed guards: what they do, and their settings as a JSON schema.
         */
        get: operations["gateway_list_guard_types"];
        put?: never;
        post?: never;
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
         * Get Ledger
         * @description Return usage and cost from the append-only ledger. Covers 30 days without `since`; `bucket` groups by time.
         */
        get: operations["gateway_get_ledger"];
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
         * List Limits
         * @description List all limits and budgets, with each subject that made calls in the current window.
         */
        get: operations["gateway_list_limits"];
        /**
         * Set Limit
         * @description Set a limit or a budget. Owners only.
         *
         *     A limit with the same subject, metric and window gets the new amount.
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
         * Delete Limit
         * @description Delete a limit with its counters. Owners only.
         */
        delete: operations["gateway_delete_limit"];
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
         * List Models
         * @description List the callable model names: routes, deployments, and models of the providers.
         */
        get: operations["gateway_list_models"];
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
         * List Prices
         * @description List prices by target: stored ones, those of vong.toml, and the measured ones of deployments.
         *
         *     Other targets have catalog prices.
         */
        get: operations["gateway_list_prices"];
        /**
         * Set Price
         * @description Set the price of a target, in US dollars per million tokens. Owners only.
         *
         *     The price takes precedence over vong.toml and the catalog price, starting with the next call.
         */
        put: operations["gateway_set_price"];
        post?: never;
        /**
         * Delete Price
         * @description Delete a stored price. Owners only. The price of vong.toml or of the catalog applies again.
         */
        delete: operations["gateway_delete_price"];
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
         * List Providers
         * @description List the providers, without their keys. With `probe` each provider is tested for availability.
         */
        get: operations["gateway_list_providers"];
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
         * @description Return a provider, without its key and without probing it.
         */
        get: operations["gateway_get_provider"];
        /**
         * Set Provider
         * @description Create or change a provider. Owners only.
         *
         *     `api_key` is write-only: if left out it is kept, null removes it.
         */
        put: operations["gateway_set_provider"];
        post?: never;
        /**
         * Delete Provider
         * @description Delete a stored provider and its secret. Owners only.
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
         * @description Test a provider by listing its models. Returns reachability, latency, models, or the error.
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
         * @description List the routes of the project by name.
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
         * @description Return a route.
         */
        get: operations["gateway_get_route"];
        /**
         * Set Route
         * @description Create a route, or change its targets and failure policy. Setting the same values again changes nothing.
         */
        put: operations["gateway_set_route"];
        post?: never;
        /**
         * Delete Route
         * @description Delete a route. Its history is kept.
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
         * List Route Versions
         * @description List the versions of a route, newest first. A version without targets is a deletion.
         */
        get: operations["gateway_list_route_versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/shadow/results": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Shadow Results
         * @description List shadow results, newest first, each with the original response.
         *
         *     `after` is the span id of the last shadow result of the previous page.
         */
        get: operations["gateway_list_shadow_results"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateway/shadow/summary": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Summarize Shadow Results
         * @description Summarize the newest 1,000 shadow results for each route, shadow target and kind.
         */
        get: operations["gateway_summarize_shadow_results"];
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
         * Get Target States
         * @description Return the state of each route target: circuit, calls in flight and waiting, and recent latency.
         *
         *     The state is that of the server process that answers this request.
         */
        get: operations["gateway_get_target_states"];
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
         * Get Usage
         * @description Return calls, errors, tokens, cost and latencies over time and in total, by group.
         *
         *     By user and by tag the numbers come from the ledger, which has no latencies.
         */
        get: operations["gateway_get_usage"];
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
         * @description List the jobs of the project, newest first. `after` is the last id of the previous page.
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
         * Get Job
         * @description Return the current state of a job.
         */
        get: operations["jobs_get_job"];
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
         * Cancel Job
         * @description Cancel a job: a queued one immediately, a running one within seconds.
         */
        post: operations["jobs_cancel_job"];
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
         * Stream Job Events
         * @description Stream the progress and log of a job until it ends. A stream resumes after an event id.
         */
        get: operations["jobs_stream_job_events"];
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
         * Get Job Log
         * @description Return the log of a job, starting with line `after` + 1.
         */
        get: operations["jobs_get_job_log"];
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
         * Retry Job
         * @description Queue a failed or cancelled job again. Its finished steps are kept.
         */
        post: operations["jobs_retry_job"];
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
         * List Bases
         * @description List the knowledge bases of the project that the caller may read.
         */
        get: operations["knowledge_list_bases"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Base
         * @description Return the settings of a base and the number of its documents in each state.
         */
        get: operations["knowledge_get_base"];
        put?: never;
        post?: never;
        /**
         * Delete Base
         * @description Delete a base with its documents, indexes, sources, questions and evaluations. Requires the role owner.
         */
        delete: operations["knowledge_delete_base"];
        options?: never;
        head?: never;
        /**
         * Update Base
         * @description Change masking, retention or readers of a base, which is created if it is new. Requires the role owner.
         */
        patch: operations["knowledge_update_base"];
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/answer-settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Answer Settings
         * @description Return the answer settings of a base, with the defaults of those that are not set.
         */
        get: operations["knowledge_get_answer_settings"];
        /**
         * Set Answer Settings
         * @description Replace the answer settings of a base. Omitted ones have their defaults.
         */
        put: operations["knowledge_set_answer_settings"];
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
         * Ask Question
         * @description Answer a question with verified citations, or state that the documents do not answer it.
         */
        post: operations["knowledge_ask_question"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/ask/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stream Answer
         * @description Stream an answer as server-sent events: queries, passages, delta, citation, verification, done or error.
         */
        post: operations["knowledge_stream_answer"];
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
         * List Documents
         * @description List the documents of a base by path, with state, progress by page, and the reason of failed ones.
         *
         *     `after` is the last path of the previous page.
         */
        get: operations["knowledge_list_documents"];
        put?: never;
        /**
         * Add Documents
         * @description Upload up to 1000 files to a base, which is created if it is new, and load and index them.
         *
         *     The job result lists each document and its state. Unchanged documents are recognized by their hash and not read.
         *     The earlier version of a changed document stays indexed until the new one is, and if that cannot be read.
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
         * Delete Document
         * @description Delete a document with its chunks in every index.
         */
        delete: operations["knowledge_delete_document"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/evaluations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Evaluations
         * @description List the evaluations of a base, newest first, of all indexes or of one.
         */
        get: operations["knowledge_list_evaluations"];
        put?: never;
        /**
         * Start Evaluation
         * @description Start an evaluation of an index on a question set. It runs as a job.
         */
        post: operations["knowledge_start_evaluation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/indexes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Indexes
         * @description List the indexes of a base with their states and numbers of documents, oldest first.
         */
        get: operations["knowledge_list_indexes"];
        put?: never;
        /**
         * Create Index
         * @description Build an index with another chunker or embedding model beside the live one. It runs as a job.
         */
        post: operations["knowledge_create_index"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/indexes/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Compare Indexes
         * @description Compare index b with index a by their newest evaluations on the same questions.
         */
        get: operations["knowledge_compare_indexes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/indexes/switches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Index Switches
         * @description List the switches of the live index of a base with their reasons and evidence, newest first.
         */
        get: operations["knowledge_list_index_switches"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/indexes/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Index Version
         * @description Return an index of a base.
         */
        get: operations["knowledge_get_index_version"];
        put?: never;
        post?: never;
        /**
         * Delete Index
         * @description Delete an index with its chunks. The live index cannot be deleted.
         */
        delete: operations["knowledge_delete_index"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/indexes/{number}/switch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Switch Index
         * @description Make an index the live one if its gate passes. The previous one is kept for switching back.
         */
        post: operations["knowledge_switch_index"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/ingest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ingest Documents
         * @description Load and index uploaded documents: those with the given ids, or all of the base that are not ready.
         */
        post: operations["knowledge_ingest_documents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/passage-feedback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Passage Feedback
         * @description List the passages of answers that have feedback, worst first.
         */
        get: operations["knowledge_list_passage_feedback"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/question-sets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Question Sets
         * @description List the question sets of a base, newest first.
         */
        get: operations["knowledge_list_question_sets"];
        put?: never;
        /**
         * Create Question Set
         * @description Store the accepted questions of a base as a question set. Equal content is stored once.
         */
        post: operations["knowledge_create_question_set"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/question-sets/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Question Set
         * @description Return a question set with its questions.
         */
        get: operations["knowledge_get_question_set"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/questions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Questions
         * @description List the questions of a base, oldest first.
         */
        get: operations["knowledge_list_questions"];
        put?: never;
        /**
         * Add Questions
         * @description Add questions with their expected passages or answers to a base. They are accepted at once.
         */
        post: operations["knowledge_add_questions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/questions/counts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Count Questions
         * @description Return the number of questions of a base by state.
         */
        get: operations["knowledge_count_questions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/questions/from-traces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add Questions From Traces
         * @description Add questions from answers of the base that got good scores or a correction.
         */
        post: operations["knowledge_add_questions_from_traces"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/questions/generate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start Question Generation
         * @description Start the generation of questions from the documents of a base by a model. A person reviews the questions.
         */
        post: operations["knowledge_start_question_generation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/questions/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import Questions
         * @description Import questions from a CSV or JSON Lines file. A faulty line rejects the whole file.
         */
        post: operations["knowledge_import_questions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/questions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Question
         * @description Return a question.
         */
        get: operations["knowledge_get_question"];
        put?: never;
        post?: never;
        /**
         * Delete Question
         * @description Delete a question. Existing question sets keep it.
         */
        delete: operations["knowledge_delete_question"];
        options?: never;
        head?: never;
        /**
         * Update Question
         * @description Accept, reject or edit a question. Existing question sets keep their content.
         */
        patch: operations["knowledge_update_question"];
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Retry Documents
         * @description Load failed documents again: the one with the given path, or all of the base.
         */
        post: operations["knowledge_retry_documents"];
        delete?: never;
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
         * Search Base
         * @description Return the passages that match a question, with their scores in both searches.
         */
        get: operations["knowledge_search_base"];
        put?: never;
        /**
         * Search Base With Settings
         * @description Return the passages that match a question by settings and a filter, with the score of each step.
         */
        post: operations["knowledge_search_base_with_settings"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Sources
         * @description List the sources of a base by name, with their state and newest sync.
         */
        get: operations["knowledge_list_sources"];
        put?: never;
        /**
         * Create Source
         * @description Create a source of documents. The base is created if it is new; a sync reads the documents.
         */
        post: operations["knowledge_create_source"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/sources/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Source
         * @description Return a source with its state and newest sync.
         */
        get: operations["knowledge_get_source"];
        put?: never;
        post?: never;
        /**
         * Delete Source
         * @description Delete a source with its documents, or without them if `keep_documents` is set.
         */
        delete: operations["knowledge_delete_source"];
        options?: never;
        head?: never;
        /**
         * Update Source
         * @description Change settings, secret or schedule of a source, pause or resume it.
         */
        patch: operations["knowledge_update_source"];
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/sources/{name}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Upload Source Archive
         * @description Upload the ZIP file of a source of the kind `notion_export`. The next sync reads it.
         */
        put: operations["knowledge_upload_source_archive"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/sources/{name}/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Source Items
         * @description List the pages or files of a source by key, with what the newest sync did and why. `after` is the last key.
         */
        get: operations["knowledge_list_source_items"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/sources/{name}/sync": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sync Source
         * @description Start a sync of a source. The job result counts added, changed, unchanged, deleted and failed documents.
         */
        post: operations["knowledge_sync_source"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/sources/{name}/syncs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Source Syncs
         * @description List the syncs of a source, newest first, with their counts and reasons.
         */
        get: operations["knowledge_list_source_syncs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/texts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Add Texts
         * @description Store and index texts, and return their ids. A base that is new is created.
         */
        post: operations["knowledge_add_texts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/texts/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Delete Texts
         * @description Delete texts by their ids.
         */
        post: operations["knowledge_delete_texts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/texts/get": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get Texts
         * @description Return texts by their ids, without those that do not exist.
         */
        post: operations["knowledge_get_texts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/texts/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Search Texts
         * @description Return the passages of a base that match a query, with the metadata of their texts or files.
         */
        post: operations["knowledge_search_texts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/bases/{base}/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Upload Documents
         * @description Upload up to 1000 files without indexing them. Send more in further requests, then start the ingestion.
         */
        post: operations["knowledge_upload_documents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/documents/{document_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Document
         * @description Return a document with its state, progress, reason and notes.
         */
        get: operations["knowledge_get_document"];
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
         * List Chunks
         * @description List the chunks of a document in reading order.
         */
        get: operations["knowledge_list_chunks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/documents/{document_id}/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Preview Stored Document
         * @description Return the chunks that a document of a base would have with another chunker or embedding model.
         */
        post: operations["knowledge_preview_stored_document"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/documents/{document_id}/text": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Document Text
         * @description Return the text of a document with its sections and pages. Citations refer to offsets in this text.
         */
        get: operations["knowledge_get_document_text"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/evaluations/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Compare Two Evaluations
         * @description Compare evaluation b with evaluation a: differences with paired intervals, and the questions that changed.
         */
        get: operations["knowledge_compare_two_evaluations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/evaluations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Evaluation
         * @description Return an evaluation with its metrics and their intervals.
         */
        get: operations["knowledge_get_evaluation"];
        put?: never;
        post?: never;
        /**
         * Delete Evaluation
         * @description Delete an evaluation with its results. A running one must be cancelled first.
         */
        delete: operations["knowledge_delete_evaluation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/evaluations/{id}/results": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Evaluation Results
         * @description List the results of an evaluation by question: passages, scores, and expected passages that are missing.
         */
        get: operations["knowledge_list_evaluation_results"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/knowledge/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Preview Document
         * @description Return the chunks that a document would have, with token counts and the cost of embedding. Stores nothing.
         */
        post: operations["knowledge_preview_document"];
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
         * List Canaries
         * @description List the canaries of the project, newest first, without their evidence history.
         */
        get: operations["loop_list_canaries"];
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
         * Get Canary
         * @description Return a canary with its evidence and evidence history.
         */
        get: operations["loop_get_canary"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/canaries/{id}/decision": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decide Canary
         * @description Promote or roll back a canary manually.
         */
        post: operations["loop_decide_canary"];
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
         * Evaluate Canary
         * @description Count all new scores, and decide if the evidence is sufficient. Every new score triggers this automatically.
         */
        post: operations["loop_evaluate_canary"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/canaries/{id}/traffic": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Set Canary Traffic
         * @description Change the traffic share of the candidate. A new canary starts, and its test starts from zero.
         */
        put: operations["loop_set_canary_traffic"];
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
         * Get Overview
         * @description Return the state of every stage of the loop, recent activity, and the recommended next step.
         */
        get: operations["loop_get_overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Loop Policies
         * @description List the loop policies by name, each with the state of its triggers and its runs.
         */
        get: operations["loop_list_loop_policies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/policies/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Loop Policy
         * @description Return a loop policy with the state of its triggers and its runs.
         */
        get: operations["loop_get_loop_policy"];
        /**
         * Set Loop Policy
         * @description Create a loop policy, or replace its content by the next version, with the caller's consent.
         */
        put: operations["loop_set_loop_policy"];
        post?: never;
        /**
         * Delete Loop Policy
         * @description Delete a loop policy without an active run. Its runs are kept.
         */
        delete: operations["loop_delete_loop_policy"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/policies/{name}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Loop Policy Runs
         * @description List the runs of a loop policy, newest first.
         */
        get: operations["loop_list_loop_policy_runs"];
        put?: never;
        /**
         * Start Loop Policy Run
         * @description Start a run of a loop policy by hand, without a trigger.
         */
        post: operations["loop_start_loop_policy_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/policies/{name}/{action}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change Loop Policy
         * @description Pause or resume a loop policy. A paused one starts no runs; an active run continues.
         */
        post: operations["loop_change_loop_policy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/policy-runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Loop Policy Run
         * @description Return a run of a loop policy: its report, with the evidence of each step.
         */
        get: operations["loop_get_loop_policy_run"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/policy-runs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel Loop Policy Run
         * @description Cancel a run of a loop policy with its training, suite run or release. The route gets its previous targets.
         */
        post: operations["loop_cancel_loop_policy_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/policy-runs/{id}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Loop Policy Report
         * @description Return the report of a run of a loop policy as Markdown.
         */
        get: operations["loop_get_loop_policy_report"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/releases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Releases
         * @description List the releases of the project, newest first, without their evidence history.
         */
        get: operations["loop_list_releases"];
        put?: never;
        /**
         * Start Release
         * @description Start a release on a route, or schedule it.
         */
        post: operations["loop_start_release"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/releases/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Release
         * @description Return a release with its evidence and evidence history.
         */
        get: operations["loop_get_release"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/releases/{id}/evaluate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Evaluate Release
         * @description Count all new scores and calls, and move the release on. Every new score triggers this automatically.
         */
        post: operations["loop_evaluate_release"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/releases/{id}/gate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check Release Gate
         * @description Return what the candidate of a release lacks for the gate of its route.
         */
        get: operations["loop_check_release_gate"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/releases/{id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Release Events
         * @description List the log of a release, oldest first: every change with its actor, reason and evidence.
         */
        get: operations["loop_list_release_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/releases/{id}/{action}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change Release
         * @description Pause, resume or stop a release, take its next step, or promote it by hand.
         *
         *     A paused release keeps its share and is still rolled back if the candidate is worse. A promotion needs the gate;
         *     its reason may override it.
         */
        post: operations["loop_change_release"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Runs
         * @description List the loop runs of the project, newest first.
         */
        get: operations["loop_list_runs"];
        put?: never;
        /**
         * Start Run
         * @description Start a complete loop run as a job. The job result is the report.
         */
        post: operations["loop_start_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/loop/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Run
         * @description Return the progress of a loop run and, when finished, its report as the result.
         */
        get: operations["loop_get_run"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/exports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Exports
         * @description List the exports of a version (`model`, a ref) or of all, newest first.
         */
        get: operations["registry_list_exports"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/exports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Export
         * @description Return an export with its files and its comparison with the trainer.
         */
        get: operations["registry_get_export"];
        put?: never;
        post?: never;
        /**
         * Delete Export
         * @description Delete an export and its files.
         */
        delete: operations["registry_delete_export"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/exports/{id}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download Export
         * @description Download all files of an export as one ZIP file.
         */
        get: operations["registry_download_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/exports/{id}/files/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download Export File
         * @description Download one file of an export.
         */
        get: operations["registry_download_export_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/exports/{id}/keep": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Keep Export
         * @description Register an export as a version whose base is the exported version. The job result has the ref `model`.
         */
        post: operations["registry_keep_export"];
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
         * Get Lineage
         * @description Return the lineage, in both directions, of a span id, model ref, dataset ref or row (`row:HASH`).
         */
        get: operations["registry_get_lineage"];
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
         * List Models
         * @description List models by name, each with newest version and aliases. `after` is the last name of the previous page.
         */
        get: operations["registry_list_models"];
        put?: never;
        /**
         * Import Model
         * @description Import a base model. The job result has the refs `model` and, for a GGUF, `gguf`.
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
         * List Aliases
         * @description List the aliases of a model, or with `history` every change of them, newest first.
         */
        get: operations["registry_list_aliases"];
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
         * @description Point an alias to a version, if its gate passes. Without a policy `prod` needs evidence or a reason.
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
         * List Versions
         * @description List the versions of a model, newest first. `after` is the last number of the previous page.
         */
        get: operations["registry_list_versions"];
        put?: never;
        /**
         * Upload Model
         * @description Upload a base model and import it: a GGUF file, or the files of a folder under their names within it.
         */
        post: operations["registry_upload_model"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/trained-on": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Trained On
         * @description List all models trained on a person's rows, and the actions that erase them.
         *
         *     `query` is a row (`row:HASH`), a text such as an e-mail address in any message, or with `by=user` a user of traces.
         */
        get: operations["registry_list_trained_on"];
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
         * Get Version
         * @description Return a version: NAME (the newest), NAME@NUMBER, NAME@HASH or NAME:ALIAS.
         */
        get: operations["registry_get_version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/versions/{ref}/card": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Card
         * @description Return the model card: bundle of hashes, licence terms, evaluations, aliases, deployments and exports.
         */
        get: operations["registry_get_card"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/versions/{ref}/compressions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Compress Version
         * @description Build and measure compressed candidates of a version. The job result is their table.
         */
        post: operations["registry_compress_version"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/versions/{ref}/exports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Export Version
         * @description Export a version. The finished job and the export have the same id.
         */
        post: operations["registry_export_version"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/registry/versions/{ref}/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Verify Version
         * @description Compute all hashes of a version again. The job result lists the checks and whether all passed.
         */
        post: operations["registry_verify_version"];
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
         * List Deployments
         * @description List the deployments of the project by name, starting after `after`.
         */
        get: operations["serving_list_deployments"];
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
         * Get Deployment
         * @description Return a deployment: desired and actual state with its reason, processes, parity check, load and price.
         */
        get: operations["serving_get_deployment"];
        /**
         * Deploy
         * @description Deploy a model under a name. A fine-tuned model serves after its parity check has passed; see the job.
         *
         *     The previous model of the deployment answers until the new one is ready.
         */
        put: operations["serving_deploy"];
        post?: never;
        /**
         * Stop Deployment
         * @description Stop a deployment. Its settings and state remain listed.
         */
        delete: operations["serving_stop_deployment"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/serving/deployments/{name}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Deployment Events
         * @description List the events of a deployment, newest first: updates, scaling, sleep, wake and lost machines.
         */
        get: operations["serving_list_deployment_events"];
        put?: never;
        post?: never;
        delete?: never;
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
         * Get Deployment Log
         * @description Return the last lines of the engine log of a replica, by default of the first one.
         */
        get: operations["serving_get_deployment_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/serving/deployments/{name}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Deployment Metrics
         * @description Return the metrics of vLLM in Prometheus' format, for a deployment with this engine.
         */
        get: operations["serving_get_deployment_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/serving/deployments/{name}/replicas": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Deployment Replicas
         * @description List the replicas of a deployment with their machines and loads.
         */
        get: operations["serving_list_deployment_replicas"];
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
         * Restart Deployment
         * @description Restart the engine process of a deployment and reset its failure count.
         */
        post: operations["serving_restart_deployment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/serving/deployments/{name}/wake": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Wake Deployment
         * @description Start a sleeping deployment before its first call.
         */
        post: operations["serving_wake_deployment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/serving/machines": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List Machines
         * @description List the machines that run engines, with their memory. A machine without heartbeat is `lost`.
         */
        get: operations["serving_list_machines"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/serving/plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Plan Deployment
         * @description Return what a deployment needs and costs, without making it: memory, speed, price, disk and time to start.
         *
         *     If the memory does not suffice, the plan has settings with which the deployment would fit.
         */
        post: operations["serving_plan_deployment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/system": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get System Info
         * @description Return installed versions, storage usage and processes. Owners and members only.
         */
        get: operations["system_get_system_info"];
        put?: never;
        post?: never;
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
         * Get Facets
         * @description Return the filter values of the last seven days: routes, models, kinds, statuses and keys.
         */
        get: operations["traces_get_facets"];
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
         * List Spans
         * @description List matching spans, newest first, without their bodies, with the counts of their scores.
         */
        get: operations["traces_list_spans"];
        put?: never;
        /**
         * Ingest Spans
         * @description Store spans that another program measured. Returns after the commit; known spans are kept unchanged.
         */
        post: operations["traces_ingest_spans"];
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
         * Count Spans
         * @description Return the number of matching spans. Counting stops at `at_most`.
         */
        get: operations["traces_count_spans"];
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
         * Stream Spans
         * @description Stream matching spans as they are stored, from now on or after an event of the last hour.
         */
        get: operations["traces_stream_spans"];
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
         * Get Span
         * @description Return a span with its input and output. Waits up to two seconds for the span of a recent call.
         */
        get: operations["traces_get_span"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/traces/{trace_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get Trace
         * @description Return all spans of a trace as trees, with offsets from the start of the trace.
         */
        get: operations["traces_get_trace"];
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
         * Plan Run
         * @description Estimate the steps, tokens, time, cost and memory of a run, and settings that would fit. Nothing is started.
         *
         *     With the recipe `provider` the plan has the estimated tokens and their price at the provider.
         */
        post: operations["training_plan_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/training/probes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start Probe
         * @description Measure rate and memory in up to 20 real steps. The job result has the `measurement` that later plans use.
         */
        post: operations["training_start_probe"];
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
         * List Recipes
         * @description List the training recipes, each with the JSON schema of its settings.
         */
        get: operations["training_list_recipes"];
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
         * Start Run
         * @description Start a training run. The job result has the model ref (`model`) and the metrics (`summary`).
         *
         *     The recipe `provider` trains at the provider that the base names (PROVIDER/MODEL).
         */
        post: operations["training_start_run"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/training/runs/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume Run
         * @description Continue a cancelled or failed run from its newest checkpoint. The result equals that of a run without a stop.
         */
        post: operations["training_resume_run"];
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
         * Get Health
         * @description Return 200 if the server is operational, 503 if its database does not answer.
         */
        get: operations["health_get_health"];
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
         * Get Metrics
         * @description Return counters and histograms in the text format of Prometheus.
         */
        get: operations["health_get_metrics"];
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
         * ActivityEvent
         * @description Event of a project: its subject (`ref`: a dataset's or model's ref, or an id) and time.
         */
        ActivityEvent: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "dataset" | "training_run" | "model" | "alias" | "canary" | "loop_run";
            /**
             * Occurred At
             * Format: date-time
             */
            occurred_at: string;
            /** Ref */
            ref: string;
            /** Status */
            status?: string | null;
            /** Title */
            title: string;
        };
        /**
         * AddedQuestions
         * @description Result of adding questions: how many are new, replaced an earlier content, or were stored already.
         *
         *     `changed` counts questions whose expected passages or answer were replaced. Generated questions and questions from
         *     traces never replace a stored question.
         */
        AddedQuestions: {
            /** Added */
            added: number;
            /** Changed */
            changed: number;
            /**
             * Ids
             * @default []
             */
            ids: string[];
            /** Unchanged */
            unchanged: number;
        };
        /**
         * AlarmResolution
         * @description Resolution of an alarm. Without `keep_reference` the next scores become the new reference.
         */
        AlarmResolution: {
            /**
             * Keep Reference
             * @default true
             */
            keep_reference: boolean;
        };
        /**
         * AliasChange
         * @description One change of an alias: the version it points to from then on, why, and who changed it.
         */
        AliasChange: {
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
         * AliasFailure
         * @description Version of a followed alias that is not served, and why. One without memory is tried again at `retry_at`.
         */
        AliasFailure: {
            /** Model */
            model: string;
            /** Reason */
            reason: string;
            /** Retry At */
            retry_at?: string | null;
        };
        /**
         * AliasUpdate
         * @description New target of an alias (a ref, a number or a hash), with evidence or a reason.
         */
        AliasUpdate: {
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
         * AnswerSettings
         * @description Settings of answers, stored with a base or set in a request.
         *
         *     `variants` is the number of search queries per question; the others are written by the model. `rewrite` makes a
         *     question that follows others independent of them, with `rewrite_model` or the model that answers. `guard` handles
         *     instructions inside passages: `strip` removes the sentences, `drop` the passage. `context_tokens` is the context of
         *     the model; by default that of the deployment, or 8,192 tokens.
         */
        AnswerSettings: {
            /** Context Tokens */
            context_tokens?: number | null;
            /**
             * Guard
             * @default strip
             * @enum {string}
             */
            guard: "strip" | "drop" | "off";
            /**
             * Limit
             * @default 4
             */
            limit: number;
            /**
             * Max Tokens
             * @default 256
             */
            max_tokens: number;
            /** No Answer Text */
            no_answer_text?: string | null;
            /**
             * Rewrite
             * @default true
             */
            rewrite: boolean;
            /** Rewrite Model */
            rewrite_model?: string | null;
            /**
             * Variants
             * @default 1
             */
            variants: number;
            /**
             * @default {
             *       "min_supported": 0.5,
             *       "mode": "replace"
             *     }
             */
            verification: components["schemas"]["VerificationSettings"];
        };
        /**
         * ApiKey
         * @description API key without its secret.
         *
         *     The `previous` fields describe the secret before the last rotation, which is valid until `previous_until`.
         */
        ApiKey: {
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
            labels: components["schemas"]["KeyLabels"];
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
             *       "bases": [],
             *       "endpoints": [],
             *       "models": []
             *     }
             */
            scope: components["schemas"]["KeyScope"];
        };
        /**
         * AskRequest
         * @description Question to a knowledge base, with the route or model that answers.
         *
         *     `conversation` is any id of the conversation; its earlier turns are read from the traces. `turns` gives them
         *     instead. `settings` override those of the base; `limit` is the same as `settings.limit`. `index` is the number of an
         *     index; without it, the answer uses the index that is live when it begins, also if another one is switched live.
         */
        AskRequest: {
            /** Conversation */
            conversation?: string | null;
            /** Index */
            index?: number | null;
            /** Limit */
            limit?: number | null;
            /** Model */
            model: string;
            /** Question */
            question: string;
            settings?: components["schemas"]["AnswerSettings"] | null;
            /** Turns */
            turns?: components["schemas"]["ConversationEntry"][] | null;
        };
        /**
         * BaseDetails
         * @description Knowledge base with its settings and the number of its documents in each state.
         */
        BaseDetails: {
            /** Name */
            name: string;
            settings: components["schemas"]["BaseSettings"];
            /** States */
            states: {
                [key: string]: number;
            };
        };
        /**
         * BaseSettings
         * @description Settings of a knowledge base.
         *
         *     `mask` are the kinds of personal data that placeholders replace in documents before they are indexed; none masks
         *     nothing. Documents that were uploaded longer ago than `retention_days` are deleted. `readers` are the roles that may
         *     read the base beside owners; None is everyone in the project.
         */
        BaseSettings: {
            /**
             * Mask
             * @default []
             */
            mask: ("email" | "iban" | "card" | "ip" | "ssn" | "national_id" | "birth_date" | "phone")[];
            /** Readers */
            readers?: ("member" | "viewer")[] | null;
            /** Retention Days */
            retention_days?: number | null;
        };
        /**
         * BaseSettingsUpdate
         * @description New settings of a knowledge base. Settings that are left out keep their values.
         *
         *     `mask` are kinds of personal data to mask in documents that are loaded from now on. Documents are deleted
         *     `retention_days` after their first upload; null keeps them. `readers` are the roles that may read the base beside
         *     owners; null is everyone in the project.
         */
        BaseSettingsUpdate: {
            /**
             * Mask
             * @default []
             */
            mask: ("email" | "iban" | "card" | "ip" | "ssn" | "national_id" | "birth_date" | "phone")[];
            /** Readers */
            readers?: ("member" | "viewer")[] | null;
            /** Retention Days */
            retention_days?: number | null;
        };
        /**
         * Batch
         * @description Batch of model calls, one per line of the input file. `completed` and `failed` are counts out of `total`.
         *
         *     `input_tokens`, `output_tokens` and `cost` are the sums of the ledger so far. `cost` is in millionths of a US dollar
         *     and covers the calls whose price is known; null if no price is known.
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
            errors?: components["schemas"]["BatchInputError"][] | null;
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
         * BatchInputError
         * @description Error in the input of a batch: in one `line` (counted from 1), or in the whole file.
         */
        BatchInputError: {
            /** Code */
            code: string;
            /** Line */
            line?: number | null;
            /** Message */
            message: string;
            /** Param */
            param?: string | null;
        };
        /**
         * BiasReport
         * @description Estimate of a bias with its 95 % interval, from `n` labels.
         */
        BiasReport: {
            /** High */
            high: number;
            /** Low */
            low: number;
            /** N */
            n: number;
            /** Value */
            value: number;
        };
        /** Body_data_import_files */
        Body_data_import_files: {
            /** Files */
            files: string[];
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
             * @description Options of the format, as a JSON object.
             */
            options?: string | null;
        };
        /** Body_data_preview_files */
        Body_data_preview_files: {
            /** Files */
            files: string[];
            /** Format */
            format?: string | null;
            /**
             * Limit
             * @default 20
             */
            limit: number;
            /**
             * Options
             * @description Options of the format, as a JSON object.
             */
            options?: string | null;
        };
        /** Body_evals_import_results */
        Body_evals_import_results: {
            /** Files */
            files: string[];
            /**
             * Model
             * @description Model that was evaluated, as named here.
             */
            model?: string | null;
            /**
             * Name
             * @default
             */
            name: string;
        };
        /** Body_knowledge_add_documents */
        Body_knowledge_add_documents: {
            /** Files */
            files: string[];
        };
        /** Body_knowledge_import_questions */
        Body_knowledge_import_questions: {
            /** File */
            file: string;
        };
        /** Body_knowledge_preview_document */
        Body_knowledge_preview_document: {
            /**
             * Chunker
             * @description Chunker as JSON. Empty for the default.
             * @default
             */
            chunker: string;
            /**
             * Embedder
             * @default multilingual-e5-small
             */
            embedder: string;
            /** File */
            file: string;
        };
        /** Body_knowledge_upload_documents */
        Body_knowledge_upload_documents: {
            /** Files */
            files: string[];
        };
        /** Body_knowledge_upload_source_archive */
        Body_knowledge_upload_source_archive: {
            /** File */
            file: string;
        };
        /** Body_registry_upload_model */
        Body_registry_upload_model: {
            /**
             * Convert
             * @description Also convert a GGUF to safetensors, for training.
             * @default true
             */
            convert: boolean;
            /** Files */
            files: string[];
            /** Licence */
            licence?: string | null;
        };
        /**
         * CacheCleared
         * @description Number of deleted cache entries.
         */
        CacheCleared: {
            /** Deleted */
            deleted: number;
        };
        /**
         * CachePolicy
         * @description Response cache policy of a route.
         *
         *     `exact` matches the same request to the same version of the same model. `semantic` matches a chat that differs only
         *     in its last message, with a cosine similarity of the embeddings of at least `threshold`. `scope` is the group that
         *     shares responses: the project, each key or each user. `ttl` is in seconds. The share `verify_rate` of
         *     semantic hits is verified with a background call, and a hit is false if the two responses agree less than
         *     `min_agreement`.
         */
        CachePolicy: {
            /**
             * Min Agreement
             * @default 0.8
             */
            min_agreement: number;
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
            /**
             * Verify Rate
             * @default 0.05
             */
            verify_rate: number;
        };
        /**
         * CacheStats
         * @description Response cache statistics of one route.
         *
         *     `hits` counts the cached responses that were returned, `saved_tokens` the tokens that these calls would have used.
         *     `false_hits` counts the false hits among the `verified` semantic hits; `false_rate_low` and `false_rate_high` bound
         *     their rate (95 %, Wilson).
         */
        CacheStats: {
            /** Bytes */
            bytes: number;
            /** Entries */
            entries: number;
            /** False Hits */
            false_hits: number;
            /** False Rate High */
            false_rate_high?: number | null;
            /** False Rate Low */
            false_rate_low?: number | null;
            /** Hits */
            hits: number;
            /** Route */
            route: string;
            /** Saved Tokens */
            saved_tokens: number;
            /** Verified */
            verified: number;
        };
        /**
         * Calibration
         * @description Calibration of a version of a judge on one task.
         *
         *     `labels` counts the labels with a verdict. `kappa` is Cohen's kappa (quadratic weights on scales) with its 95 %
         *     bootstrap interval from `low` to `high`. `can_gate` is True if the judge may decide about a release.
         */
        Calibration: {
            /**
             * Can Gate
             * @default false
             */
            can_gate: boolean;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Finished At */
            finished_at?: string | null;
            /** High */
            high?: number | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Judge */
            judge: string;
            /** Kappa */
            kappa?: number | null;
            /**
             * Labels
             * @default 0
             */
            labels: number;
            /** Low */
            low?: number | null;
            report?: components["schemas"]["CalibrationReport"] | null;
            /**
             * Settings
             * @default {}
             */
            settings: {
                [key: string]: unknown;
            };
            /** Status */
            status: string;
            /** Task */
            task: string;
            /** Version */
            version: string;
        };
        /**
         * CalibrationReport
         * @description Details of a calibration.
         *
         *     `matrix` counts labels (rows) and verdicts (columns) in the order of `categories`. `agreement` is the share of equal
         *     ones. `swap_rate` is the share of pairs whose verdict changed with the positions, `first_rate` the share of verdicts
         *     for the output that was shown first (0.5 without a position bias). `length_bias` is the correlation of judge minus
         *     label with the logarithm of the output's length, `self_preference` the mean of judge minus label for outputs of the
         *     judge's own model minus that for other models. `offset` is the mean of judge minus label. `cost_per_thousand` is in
         *     millionths of a US dollar. `models` are the models that gave the verdicts.
         */
        CalibrationReport: {
            /** Agreement */
            agreement?: number | null;
            /**
             * Cached
             * @default 0
             */
            cached: number;
            /** Categories */
            categories: string[];
            /** Cost Per Thousand */
            cost_per_thousand?: number | null;
            /**
             * Disagreements
             * @default []
             */
            disagreements: components["schemas"]["LabelDisagreement"][];
            /**
             * Error Rate
             * @default 0
             */
            error_rate: number;
            /**
             * Errors
             * @default 0
             */
            errors: number;
            /** First Error */
            first_error?: string | null;
            /** First Rate */
            first_rate?: number | null;
            /** Latency P50 */
            latency_p50?: number | null;
            /** Latency P95 */
            latency_p95?: number | null;
            length_bias?: components["schemas"]["BiasReport"] | null;
            /** Matrix */
            matrix: number[][];
            /**
             * Models
             * @default []
             */
            models: string[];
            /** Offset */
            offset?: number | null;
            /**
             * Reasons
             * @default []
             */
            reasons: string[];
            /**
             * Repairs
             * @default 0
             */
            repairs: number;
            self_preference?: components["schemas"]["BiasReport"] | null;
            /**
             * Sources
             * @default {}
             */
            sources: {
                [key: string]: number;
            };
            swap_rate?: components["schemas"]["BiasReport"] | null;
            /**
             * Undecided
             * @default 0
             */
            undecided: number;
            /**
             * Weights
             * @enum {string}
             */
            weights: "none" | "linear" | "quadratic";
        };
        /**
         * CalibrationSettings
         * @description Settings of a calibration on the labels of `task`, the name of a dataset or a route.
         *
         *     The labels are those that people gave to outputs of runs on the dataset, the human scores of spans of the route
         *     (`score_name` selects one kind of score), and the metadata field `label_field` of the dataset's rows (of `split`).
         *     The judge can gate with at least `min_labels` labels if the lower bound of kappa is at least `min_kappa`. `limit`
         *     bounds the number of labels, chosen by `seed`. `fresh` judges again instead of reading stored judgements.
         */
        CalibrationSettings: {
            /**
             * Concurrency
             * @default 4
             */
            concurrency: number;
            /**
             * Fresh
             * @default false
             */
            fresh: boolean;
            /**
             * Label Field
             * @default
             */
            label_field: string;
            /**
             * Limit
             * @default 1000
             */
            limit: number;
            /**
             * Min Kappa
             * @default 0.4
             */
            min_kappa: number;
            /**
             * Min Labels
             * @default 50
             */
            min_labels: number;
            /** Score Name */
            score_name?: string | null;
            /**
             * Seed
             * @default 0
             */
            seed: number;
            /**
             * Split
             * @default
             */
            split: string;
            /** Task */
            task: string;
        };
        /**
         * CalibrationStarted
         * @description Queued calibration and its job. Both have the same id.
         */
        CalibrationStarted: {
            calibration: components["schemas"]["Calibration"];
            job: components["schemas"]["Job"];
        };
        /**
         * CallableModel
         * @description Valid value for the `model` field of a request, and the endpoint for which the model is made.
         *
         *     Deployments and routes have the endpoint of their models. Providers list names only: a name that contains `embed`
         *     counts as an embedding model.
         */
        CallableModel: {
            /**
             * Endpoint
             * @default chat
             * @enum {string}
             */
            endpoint: "chat" | "embeddings" | "rerank";
            /** Name */
            name: string;
        };
        /**
         * Canary
         * @description Canary on a route.
         *
         *     `previous_targets` lists the targets of the route before the canary. `route_version` is the version with the
         *     candidate's share; only completions under that version count. `model` is the model version that answered as the
         *     candidate. `decided_by` is `evidence` or the name of the key of the person who decided.
         */
        Canary: {
            /** Alpha */
            alpha: number;
            /** Candidate */
            candidate: string;
            /** Decided At */
            decided_at?: string | null;
            /** Decided By */
            decided_by?: string | null;
            evidence: components["schemas"]["Evidence"];
            /**
             * Evidence History
             * @default []
             */
            evidence_history: components["schemas"]["EvidenceHistoryPoint"][];
            /**
             * Goal
             * @enum {string}
             */
            goal: "better" | "non_inferior";
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
            /** Previous Targets */
            previous_targets: components["schemas"]["RouteTarget"][];
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
        };
        /**
         * CanaryCreate
         * @description Canary to start: `share` of `route` goes to `candidate` until the scores named `metric` decide.
         *
         *     `goal`: promote if shown `better`, or if shown `non_inferior`, which is not worse by more than `margin`. If shown
         *     worse by more than `margin`, roll back. `alpha` bounds the probability of any wrong decision.
         */
        CanaryCreate: {
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
            goal: "better" | "non_inferior";
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
         * CanaryDecision
         * @description Manual decision with its reason.
         */
        CanaryDecision: {
            /** Reason */
            reason: string;
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "promote" | "roll_back";
        };
        /**
         * CanaryPlan
         * @description Settings of the canary on live traffic.
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
         * ChangesToSave
         * @description Examples of two runs to append to a dataset: those that b lost, won or tied on a metric.
         */
        ChangesToSave: {
            /**
             * A
             * Format: uuid
             */
            a: string;
            /**
             * B
             * Format: uuid
             */
            b: string;
            /** Dataset */
            dataset: string;
            /** Metric */
            metric?: string | null;
            /**
             * Outcome
             * @default loss
             * @enum {string}
             */
            outcome: "win" | "loss" | "tie";
            /** Slice */
            slice?: string | null;
        };
        /**
         * Chunk
         * @description Part of a document in an index.
         *
         *     `start` and `end` are character offsets in the extracted text of the document. `heading` is the path of headings
         *     above the chunk. `kind` is that of its section (`text`, `table`, `code`, `list`), or `parent` for a chunk that is
         *     returned with its parts and not searched itself.
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
            /** Index Id */
            index_id?: string | null;
            /**
             * Kind
             * @default text
             */
            kind: string;
            /**
             * Metadata
             * @default {}
             */
            metadata: {
                [key: string]: unknown;
            };
            /** Page */
            page?: number | null;
            /** Parent Id */
            parent_id?: string | null;
            /** Position */
            position: number;
            /** Start */
            start: number;
            /** Text */
            text: string;
            /**
             * Tokens
             * @default 0
             */
            tokens: number;
        };
        /**
         * ChunkPreview
         * @description Chunk that a document would have. `tokens` includes the title and heading that are embedded with it.
         */
        ChunkPreview: {
            /** End */
            end: number;
            /** Heading */
            heading: string;
            /**
             * Kind
             * @default text
             */
            kind: string;
            /** Page */
            page?: number | null;
            /** Parent */
            parent?: number | null;
            /** Start */
            start: number;
            /** Text */
            text: string;
            /** Tokens */
            tokens: number;
        };
        /**
         * ChunkerSettings
         * @description Chunker of an index: its kind, and the size and overlap of its chunks in tokens of the embedding model.
         *
         *     `parent_tokens` is the size of the parents of the kind `parents`, and `window` the number of sentences before and
         *     after a passage in its context for the kind `sentences`.
         */
        ChunkerSettings: {
            /**
             * Kind
             * @default structure
             * @enum {string}
             */
            kind: "structure" | "tokens" | "sentences" | "parents" | "questions";
            /**
             * Overlap
             * @default 32
             */
            overlap: number;
            /**
             * Parent Tokens
             * @default 1024
             */
            parent_tokens: number;
            /**
             * Tokens
             * @default 256
             */
            tokens: number;
            /**
             * Window
             * @default 2
             */
            window: number;
        };
        /**
         * CircuitBreakerPolicy
         * @description Circuit breaker policy of a target.
         *
         *     After `failures` failures within `window` seconds the circuit opens for `open_seconds`, then one call probes the
         *     target. The default of 5 failures in 30 s is more than chance and limits how many callers wait for a failing target.
         */
        CircuitBreakerPolicy: {
            /**
             * Failures
             * @default 5
             */
            failures: number;
            /**
             * Open Seconds
             * @default 15
             */
            open_seconds: number;
            /**
             * Window
             * @default 30
             */
            window: number;
        };
        /**
         * Citation
         * @description Span of an answer and the part of a passage that supports it.
         *
         *     `answer_start` and `answer_end` are offsets in the text of the answer, `start` and `end` in the text of the document
         *     (see the route `/documents/{id}/text`); all count Unicode code points. `quote` is the supporting part of the
         *     passage. `stated` is true if the model cited the passage itself, and false if it was found by comparison.
         *     `similarity` is the cosine similarity of sentence and quote.
         */
        Citation: {
            /** Answer End */
            answer_end: number;
            /** Answer Start */
            answer_start: number;
            /**
             * Chunk Id
             * Format: uuid
             */
            chunk_id: string;
            /**
             * Document Id
             * Format: uuid
             */
            document_id: string;
            /** End */
            end: number;
            /** Heading */
            heading: string;
            /** Number */
            number: number;
            /** Page */
            page?: number | null;
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
         * CitationEvent
         * @description Citation of the verified text.
         */
        CitationEvent: {
            citation: components["schemas"]["Citation"];
            /**
             * Event
             * @default citation
             * @constant
             */
            event: "citation";
        };
        /**
         * CleanRequest
         * @description Cleaning of a dataset version. `name` is the dataset for the result, by default the same dataset.
         */
        CleanRequest: {
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
         * CleanSettings
         * @description Settings of cleaning; the defaults enable every step.
         *
         *     `tidy`: normalize Unicode, control characters and whitespace. `personal`: mask PII, drop its rows, or keep it.
         *     `empty`: drop rows with an empty input or completion. `conflicts`: within a group of near-duplicate inputs set each
         *     label to its majority value, drop the group, or keep it; `ties` applies if no value has a majority. `exact` and
         *     `near`: drop all rows of a group but the first (near-duplicates only if their completions agree too). `labels` are
         *     label paths in addition to those detected in the completions.
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
         * CleaningChange
         * @description One change to one row, by cleaning or by a manual edit.
         *
         *     `row` is the row number (from 1) in the version that was changed, `id` the row's metadata id, `origin` the row's
         *     origin. `before` and `after` are hashes of the row; `after` is null if the row was dropped.
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
         * CompressionRequest
         * @description Candidates (`int8`, `int4`, `gguf:LEVEL`) and the dataset split whose loss is measured, with at most `rows` rows.
         *
         *     Without a dataset, size, speed and memory are measured.
         */
        CompressionRequest: {
            /** Dataset */
            dataset?: string | null;
            /**
             * Rows
             * @default 20
             */
            rows: number;
            /** Split */
            split?: string | null;
            /** To */
            to: string[];
        };
        /**
         * ConcurrencyCap
         * @description Limit of concurrent calls per target and server.
         *
         *     Up to `max_in_flight` calls run at once. Up to `queue` more wait for at most `wait` seconds, then the next target is
         *     tried.
         */
        ConcurrencyCap: {
            /** Max In Flight */
            max_in_flight: number;
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
         * Condition
         * @description Condition on a fact of the call: `equals` a value, is `any_of` several, or is `over` or `under` a number.
         *
         *     The fact `tag` equals a value if the call has that tag.
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
         * ConversationEntry
         * @description Earlier question of a conversation and its answer.
         */
        ConversationEntry: {
            /**
             * Answer
             * @default
             */
            answer: string;
            /** Question */
            question: string;
        };
        /**
         * Curve
         * @description Metric over the steps. `total` is the number of measured points; `points` is a subset chosen by LTTB.
         */
        Curve: {
            /** Name */
            name: string;
            /** Points */
            points: components["schemas"]["MetricPoint"][];
            /** Total */
            total: number;
        };
        /**
         * CustomPrice
         * @description Custom price. `source` is `settings` for vong.toml, or `stored` for the project, which takes precedence.
         *
         *     The price of a deployment is `measured` if it is computed from the price of the machine and the measured speed.
         */
        CustomPrice: {
            /**
             * Cache Write
             * @description Price of input tokens written to the provider's cache; unset: `input`.
             */
            cache_write?: number | null;
            /**
             * Cache Write 1H
             * @description Price of input tokens cached for one hour; unset: `cache_write`.
             */
            cache_write_1h?: number | null;
            /**
             * Cached
             * @description Price of input tokens read from the provider's cache; unset: `input`.
             */
            cached?: number | null;
            /**
             * Input
             * @description Price of input tokens.
             */
            input: number;
            /**
             * Input Audio
             * @description Price of audio input; unset: `input`.
             */
            input_audio?: number | null;
            /**
             * Input Image
             * @description Price of image input; unset: `input`.
             */
            input_image?: number | null;
            /**
             * Output
             * @description Price of output tokens.
             * @default 0
             */
            output: number;
            /**
             * Output Audio
             * @description Price of audio output; unset: `output`.
             */
            output_audio?: number | null;
            /**
             * Output Image
             * @description Price of image output; unset: `output`.
             */
            output_image?: number | null;
            /**
             * Reasoning
             * @description Price of reasoning tokens; unset: `output`.
             */
            reasoning?: number | null;
            /**
             * Source
             * @enum {string}
             */
            source: "settings" | "stored" | "measured";
            /**
             * Target
             * @description deployment/NAME or PROVIDER/MODEL.
             */
            target: string;
            /**
             * Training
             * @description Price of tokens trained at the provider.
             */
            training?: number | null;
            /** Updated At */
            updated_at?: string | null;
        };
        /**
         * DataSummary
         * @description Counts of datasets and of the rows of their newest versions.
         */
        DataSummary: {
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
         * DatasetDiff
         * @description Differences between versions `a` and `b`.
         *
         *     `changed` rows have the same metadata id, or the same messages and another completion, or are documents of the same
         *     origin. `metadata_changed` counts rows with the same content and other metadata (a split, for example). `rows` lists
         *     the first differences.
         */
        DatasetDiff: {
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
            rows: components["schemas"]["RowDiff"][];
            /** Unchanged */
            unchanged: number;
        };
        /**
         * DatasetRow
         * @description One row of a version. `number` starts at 1; `hash` is the hash of the Example.
         */
        DatasetRow: {
            example: components["schemas"]["Example"];
            /** Hash */
            hash: string;
            /** Number */
            number: number;
        };
        /**
         * DatasetShare
         * @description Dataset of a mixture (a ref) and its weight: its share of the training rows, relative to the other weights.
         *
         *     Without weights, all rows of all datasets are used.
         */
        DatasetShare: {
            /** Dataset */
            dataset: string;
            /** Weight */
            weight?: number | null;
        };
        /**
         * DatasetVersion
         * @description Named, immutable list of examples. `hash` is the sha256 over the hashes of its rows, in order.
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
         * DeletedTexts
         * @description Number of deleted texts.
         */
        DeletedTexts: {
            /** Deleted */
            deleted: number;
        };
        /**
         * DeltaEvent
         * @description Next part of the text of the model. The verified text is in the event `done`.
         */
        DeltaEvent: {
            /**
             * Event
             * @default delta
             * @constant
             */
            event: "delta";
            /** Text */
            text: string;
        };
        /**
         * DeployResult
         * @description Deployment, the job of its parity check, if it needs one, and the memory plan of a replica, if it is known.
         */
        DeployResult: {
            deployment: components["schemas"]["Deployment"];
            job?: components["schemas"]["Job"] | null;
            plan?: components["schemas"]["MemoryPlan"] | null;
        };
        /**
         * Deployment
         * @description Served model version. `desired_state` is set by the user, `state` is the current state.
         *
         *     An engine also serves the adapters of its base model: such deployments share one `engine_key`, whose replicas are
         *     processes. `memory` is the resident size of all replicas in bytes, `pid` and `url` belong to the first one.
         *     `active_model` answers calls now: while another version is being prepared, this is the previous one. `parity` is the
         *     stored result of the parity check. Lists omit `events`. `load` is None until a replica has reported it.
         *
         *     `alias` is the alias that the deployment was made from, as NAME:ALIAS. If `settings.follow` is true, the deployment
         *     is updated when the alias is moved. `alias_failure` is the version of the alias that could not be served: the
         *     version before it continues to answer.
         */
        Deployment: {
            /** Active Model */
            active_model?: string | null;
            /** Alias */
            alias?: string | null;
            alias_failure?: components["schemas"]["AliasFailure"] | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Desired Replicas
             * @default 0
             */
            desired_replicas: number;
            /**
             * Desired State
             * @default running
             * @enum {string}
             */
            desired_state: "running" | "stopped";
            /** Engine */
            engine: string;
            /** Engine Key */
            engine_key: string;
            /**
             * Events
             * @default []
             */
            events: components["schemas"]["DeploymentEvent"][];
            load?: components["schemas"]["DeploymentLoad"] | null;
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
            price?: components["schemas"]["DeploymentPrice"] | null;
            /** Reason */
            reason?: string | null;
            /**
             * Replicas
             * @default 0
             */
            replicas: number;
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
            state: "pending" | "checking" | "starting" | "ready" | "sleeping" | "failed" | "stopped";
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Url */
            url?: string | null;
        };
        /**
         * DeploymentAlternative
         * @description Settings with which the deployment fits into the memory: the changed ones, and the bytes that they need.
         */
        DeploymentAlternative: {
            /** Required */
            required: number;
            /** Settings */
            settings: {
                [key: string]: unknown;
            };
        };
        /**
         * DeploymentCreate
         * @description Deployment to start: a model ref (`triage`, `triage@1f0c9a27b4de`, `triage:prod`), its engine, and settings.
         *
         *     `reason` overrides the gate of a route that the deployment answers, if its policy allows the role of the caller.
         */
        DeploymentCreate: {
            /** Engine */
            engine?: string | null;
            /** Model */
            model: string;
            /** Reason */
            reason?: string | null;
            /**
             * @default {
             *       "batch": 8,
             *       "chat_template": "",
             *       "cluster": "",
             *       "context": 0,
             *       "defaults": {},
             *       "engine_options": {},
             *       "first_token_target_ms": 0,
             *       "follow": true,
             *       "idle_seconds": 0,
             *       "max_replicas": 1,
             *       "min_replicas": 1,
             *       "parity": "required",
             *       "prefix_bytes": 256000000,
             *       "quantization": "",
             *       "queue_limit": 128,
             *       "reproducible": false,
             *       "threads": 0
             *     }
             */
            settings: components["schemas"]["DeploymentSettings"];
        };
        /**
         * DeploymentEvaluation
         * @description Evaluation of the deployed engine and of the unquantized reference, after the parity check.
         *
         *     Either `suite` (NAME or NAME@NUMBER), or `dataset` with a `split` and `scorers`. `limit` is the number of examples,
         *     null for all.
         */
        DeploymentEvaluation: {
            /**
             * Dataset
             * @default
             */
            dataset: string;
            /**
             * Limit
             * @default 100
             */
            limit: number | null;
            /**
             * Max Tokens
             * @default 256
             */
            max_tokens: number;
            /**
             * Scorers
             * @default [
             *       "exact_match"
             *     ]
             */
            scorers: string[];
            /**
             * Split
             * @default test
             */
            split: string;
            /**
             * Suite
             * @default
             */
            suite: string;
        };
        /**
         * DeploymentEvent
         * @description Event of a deployment: an update, a change of its number of replicas, sleep, wake, or the loss of a machine.
         */
        DeploymentEvent: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Kind */
            kind: string;
            /** Message */
            message: string;
        };
        /**
         * DeploymentLoad
         * @description Load of the replicas of a deployment, a few seconds old.
         *
         *     `active` completions are running in `slots`, `waiting` ones are queued; beyond `queue_limit` requests are rejected.
         *     `rejected`, `requests` and the tokens are counted since the processes started; `cached_tokens` are the prompt tokens
         *     that were read from the prefix cache. `tokens_per_second` are generated now. `prompt_speed` and `output_speed` are
         *     the tokens that the machine computes per second of its time, None until they were measured.
         */
        DeploymentLoad: {
            /**
             * Active
             * @default 0
             */
            active: number;
            /**
             * Cached Tokens
             * @default 0
             */
            cached_tokens: number;
            /** Output Speed */
            output_speed?: number | null;
            /**
             * Output Tokens
             * @default 0
             */
            output_tokens: number;
            /** Prompt Speed */
            prompt_speed?: number | null;
            /**
             * Prompt Tokens
             * @default 0
             */
            prompt_tokens: number;
            /**
             * Queue Limit
             * @default 0
             */
            queue_limit: number;
            /**
             * Rejected
             * @default 0
             */
            rejected: number;
            /**
             * Requests
             * @default 0
             */
            requests: number;
            /**
             * Slots
             * @default 0
             */
            slots: number;
            /** Time To First Token Ms */
            time_to_first_token_ms?: number | null;
            /**
             * Tokens Per Second
             * @default 0
             */
            tokens_per_second: number;
            /**
             * Waiting
             * @default 0
             */
            waiting: number;
        };
        /**
         * DeploymentPlan
         * @description What a deployment needs and costs, computed before it is made.
         *
         *     `fits` compares the memory of one replica with the machine that has the most room; `lack` states what is missing,
         *     `alternatives` what would fit instead. `levels` compares the quantizations of a model that is converted for
         *     llama.cpp. `disk_bytes` is what the converted and downloaded files will need, `disk_available` what is free.
         *     `start_seconds` covers conversion and load, without the parity check.
         */
        DeploymentPlan: {
            /**
             * Alternatives
             * @default []
             */
            alternatives: components["schemas"]["DeploymentAlternative"][];
            /** Disk Available */
            disk_available: number;
            /** Disk Bytes */
            disk_bytes: number;
            /** Engine */
            engine: string;
            /** Engine Reason */
            engine_reason?: string | null;
            /** Fits */
            fits: boolean;
            /** Lack */
            lack?: string | null;
            /**
             * Levels
             * @default []
             */
            levels: components["schemas"]["LevelPlan"][];
            memory: components["schemas"]["MemoryPlan"];
            /** Model */
            model: string;
            price: components["schemas"]["DeploymentPrice"];
            /** Settings */
            settings: {
                [key: string]: unknown;
            };
            speed: components["schemas"]["SpeedPlan"];
            /** Start Seconds */
            start_seconds: number;
            /**
             * Start Source
             * @default estimated
             * @enum {string}
             */
            start_source: "measured" | "estimated";
        };
        /**
         * DeploymentPrice
         * @description Price of a deployment in US dollars per million tokens. None if it is not known yet.
         *
         *     `source` is `stored` or `settings` for a price that you set, `measured` for one computed from the price of the
         *     machine and the measured speed, and `unset` if the setting machine_price_per_hour is not set: calls cost nothing.
         *     A plan also has `estimated` and `unknown`, by its speed.
         */
        DeploymentPrice: {
            /** Cached */
            cached?: number | null;
            /** Input */
            input: number | null;
            /** Note */
            note: string;
            /** Output */
            output: number | null;
            /**
             * Source
             * @enum {string}
             */
            source: "stored" | "settings" | "measured" | "unset" | "estimated" | "unknown";
        };
        /**
         * DeploymentSettings
         * @description Settings of a deployment. Zero selects the engine's default.
         *
         *     `threads`: CPU threads. `context`: tokens of prompt and completion together. `batch`: sequences that are decoded
         *     concurrently. `prefix_bytes`: memory of the cache of shared prompt prefixes. `queue_limit`: completions that may
         *     wait for a place in the batch; further requests are rejected with status 429. `parity`: `required`, or `skip` to
         *     serve a tuned model without the parity check, which is recorded.
         *
         *     `quantization`: level of the GGUF file to which safetensors are converted for llama.cpp, for example `q8_0`.
         *     `reproducible`: with llama.cpp, the same text at temperature 0 under any load, with a separate cache per
         *     conversation, which needs the memory of `batch` contexts.
         *
         *     `chat_template`: with llama.cpp, the Jinja template that replaces the one inside a GGUF file.
         *
         *     `engine_options`: further options of the engine vllm, for example `{"tensor-parallel-size": 2}`.
         *
         *     `cluster`: `ray` to run the engines on the Ray cluster of the server's setting `ray_dashboard_url`; empty for the
         *     machines that run a worker. On Ray, a replica requests `threads` CPUs (1 if not set), its planned memory, and with
         *     the engine vllm its GPUs.
         *
         *     `follow`: a deployment made from an alias is updated when the alias points to another version.
         *
         *     `defaults`: fields of requests that apply if a caller does not set them, for example `{"temperature": 0.2}`. Those
         *     of an Ollama model or Modelfile apply without it.
         *
         *     `evaluate`: dataset split or suite on which the deployed engine and the unquantized model are scored.
         *
         *     `min_replicas`, `max_replicas`: bounds of the number of engine processes; between them it follows the load.
         *     `idle_seconds`: seconds without a call after which the engines end until the next call; 0 is never.
         *     `first_token_target_ms`: a replica is added while the time to the first token is longer; 0 is any time.
         */
        DeploymentSettings: {
            /**
             * Batch
             * @default 8
             */
            batch: number;
            /**
             * Chat Template
             * @default
             */
            chat_template: string;
            /**
             * Cluster
             * @default
             * @enum {string}
             */
            cluster: "" | "ray";
            /**
             * Context
             * @default 0
             */
            context: number;
            /** @default {} */
            defaults: components["schemas"]["RequestDefaults"];
            /**
             * Engine Options
             * @default {}
             */
            engine_options: {
                [key: string]: number | boolean | string;
            };
            evaluate?: components["schemas"]["DeploymentEvaluation"] | null;
            /**
             * First Token Target Ms
             * @default 0
             */
            first_token_target_ms: number;
            /**
             * Follow
             * @default true
             */
            follow: boolean;
            /**
             * Idle Seconds
             * @default 0
             */
            idle_seconds: number;
            /**
             * Max Replicas
             * @default 1
             */
            max_replicas: number;
            /**
             * Min Replicas
             * @default 1
             */
            min_replicas: number;
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
             * Quantization
             * @default
             */
            quantization: string;
            /**
             * Queue Limit
             * @default 128
             */
            queue_limit: number;
            /**
             * Reproducible
             * @default false
             */
            reproducible: boolean;
            /**
             * Threads
             * @default 0
             */
            threads: number;
        };
        /**
         * DetectableDifference
         * @description Smallest true difference to another run of a metric that this number of examples shows with a power of 80 %.
         *
         *     `basis` says what it was computed from. Null if there is nothing to compute it from.
         */
        DetectableDifference: {
            /** Basis */
            basis: string;
            /** Scorer */
            scorer: string;
            /** Value */
            value?: number | null;
        };
        /**
         * Disagreement
         * @description Span with contradicting corrections: the latest of each author. It yields no example.
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
         * DisplayedDocument
         * @description Text of a document. Offsets count Unicode code points; sections are separated by a blank line.
         */
        DisplayedDocument: {
            /** Base */
            base: string;
            /** Characters */
            characters: number;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Language
             * @default
             */
            language: string;
            /** Media Type */
            media_type: string;
            /** Pages */
            pages?: number | null;
            /** Path */
            path: string;
            /** Sections */
            sections: components["schemas"]["TextSection"][];
            /** Title */
            title: string;
        };
        /**
         * Document
         * @description File of a knowledge base.
         *
         *     `hash` is the sha256 of the indexed bytes and `blob` that of the newest upload. `state` is `pending`, `loading`,
         *     `indexing`, `ready` or `failed`. `reason` and `hint` state why the newest upload failed; if an earlier version is
         *     still indexed, the state is `ready`. `notes` state what was guessed or left out. `chunker` replaces the chunker of
         *     the live index.
         */
        Document: {
            /** Base */
            base: string;
            /**
             * Blob
             * @default
             */
            blob: string;
            /**
             * Characters
             * @default 0
             */
            characters: number;
            /** Chunker */
            chunker?: {
                [key: string]: unknown;
            } | null;
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
            /** Hint */
            hint?: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Language
             * @default
             */
            language: string;
            /**
             * Media Type
             * @default
             */
            media_type: string;
            /**
             * Metadata
             * @default {}
             */
            metadata: {
                [key: string]: unknown;
            };
            /**
             * Notes
             * @default []
             */
            notes: string[];
            /** Pages */
            pages?: number | null;
            /**
             * Pages Done
             * @default 0
             */
            pages_done: number;
            /** Path */
            path: string;
            /** Reason */
            reason?: string | null;
            /** Source Id */
            source_id?: string | null;
            /** State */
            state: string;
            /** Text Blob */
            text_blob?: string | null;
            /** Title */
            title: string;
            /** Updated At */
            updated_at?: string | null;
        };
        /**
         * DocumentPreview
         * @description Chunks that a document would have, and what embedding them costs.
         *
         *     `cost` is in dollars, 0 for a shipped model and None if the price of the model is unknown.
         */
        DocumentPreview: {
            /** Chunker */
            chunker: {
                [key: string]: unknown;
            };
            /** Chunks */
            chunks: components["schemas"]["ChunkPreview"][];
            /** Cost */
            cost: number | null;
            /** Embedder */
            embedder: string;
            /** Language */
            language: string;
            /** Path */
            path: string;
            /** Title */
            title: string;
            /** Tokens */
            tokens: number;
        };
        /**
         * DoneEvent
         * @description Complete answer. Its text replaces the streamed one. Ends the stream.
         */
        DoneEvent: {
            answer: components["schemas"]["RagAnswer"];
            /**
             * Event
             * @default done
             * @constant
             */
            event: "done";
        };
        /**
         * DriftRules
         * @description Rules of the drift alarm.
         *
         *     An alarm says that the mean score is below the mean of the reference by more than `tolerance`. The probability that
         *     a monitor without such a drop ever raises an alarm between two resolutions is at most `alpha`. The reference is a
         *     suite run (`suite_run`), or the first `window` scored answers.
         */
        DriftRules: {
            /**
             * Alpha
             * @default 0.05
             */
            alpha: number;
            /** Suite Run */
            suite_run?: string | null;
            /**
             * Tolerance
             * @default 0.05
             */
            tolerance: number;
            /**
             * Window
             * @default 200
             */
            window: number;
        };
        /**
         * DriftTrigger
         * @description Drift of the newest `calls` calls of the route against the training data, measured every `every`.
         *
         *     The trigger fires if the lower bound of the drift score is above `bound`. The score is the area under the ROC curve
         *     of a classifier that separates live from training texts: 0.5 without drift, 1 if all texts differ.
         */
        DriftTrigger: {
            /**
             * Bound
             * @default 0.65
             */
            bound: number;
            /**
             * Calls
             * @default 200
             */
            calls: number;
            /**
             * Every
             * @default 10m
             */
            every: string;
        };
        /**
         * DuplicateGroups
         * @description Groups of duplicate rows. `extra` is the number of rows to drop if one row per group remains.
         */
        DuplicateGroups: {
            /** Extra */
            extra: number;
            /** Groups */
            groups: number;
            /** Listed */
            listed: number[][];
        };
        /**
         * EntryComparison
         * @description Comparison of one entry with the baseline's evaluation of the same examples, over the first repeats.
         */
        EntryComparison: {
            /**
             * A
             * Format: uuid
             */
            a: string;
            /**
             * B
             * Format: uuid
             */
            b: string;
            /** Dataset */
            dataset: string;
            /** Entry */
            entry: number;
            /** Metrics */
            metrics: {
                [key: string]: components["schemas"]["MetricComparison"];
            };
            /** Split */
            split: string;
        };
        /**
         * EntryEstimate
         * @description Estimate of one entry over all repeats. `basis` says what price and time were computed from.
         */
        EntryEstimate: {
            /** Basis */
            basis: string;
            /** Cost */
            cost?: number | null;
            /** Dataset */
            dataset: string;
            /**
             * Detectable
             * @default []
             */
            detectable: components["schemas"]["DetectableDifference"][];
            /** Entry */
            entry: number;
            /** Examples */
            examples: number;
            /** Seconds */
            seconds?: number | null;
            /** Split */
            split: string;
        };
        /**
         * ErrorEvent
         * @description Error that ended the answer, as in an error response. Ends the stream.
         */
        ErrorEvent: {
            /** Code */
            code: string;
            /**
             * Event
             * @default error
             * @constant
             */
            event: "error";
            /** Hint */
            hint?: string | null;
            /** Message */
            message: string;
            /** Status */
            status: number;
        };
        /**
         * EvalChange
         * @description An example of both runs: both outputs and their scores.
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
         * @description Comparison of run b with run a over the `n` examples that both contain.
         *
         *     `left_out` counts the examples that only one run contains (the runs have different limits). `changed` counts the
         *     outputs whose text differs; `changes` lists those that changed the first metric most. `slices` compares the means of
         *     single outputs per slice, the most certain differences first. `warnings` lists other differences of the runs.
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
            /**
             * Slices
             * @default []
             */
            slices: components["schemas"]["SliceComparison"][];
            /**
             * Warnings
             * @default []
             */
            warnings: string[];
        };
        /**
         * EvalRequest
         * @description Evaluation to run.
         *
         *     `model` is written as in a request to `/v1`, `scorers` as `NAME`, `NAME:option=value;option=value` or an
         *     object with `name`, `options` and `label`.
         */
        EvalRequest: {
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
            scorers: (string | components["schemas"]["ScorerSpec"])[];
            /**
             * @default {
             *       "concurrency": 4,
             *       "max_tokens": 256,
             *       "samples": 1,
             *       "seed": 0,
             *       "shots": 0,
             *       "shots_split": "train",
             *       "temperature": 0
             *     }
             */
            settings: components["schemas"]["EvalSettings"];
            /**
             * Split
             * @default test
             */
            split: string;
        };
        /**
         * EvalResult
         * @description Finished or running evaluation.
         *
         *     `scores` maps a metric to its value over all examples (`exact_match`, `rougeL`, `json_fields.urgency`, ...), in the
         *     unit of its library. `signatures` records exactly how each metric was computed. Latencies are in milliseconds,
         *     `cost` in millionths of a US dollar (null if a price is unknown). `truncated` counts the outputs that ended at
         *     `max_tokens`, `warnings` lists what scorers cannot score well. `suite_run` is the id of the suite run that the
         *     evaluation is part of, `source` the program whose result was imported.
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
            /** Source */
            source?: string | null;
            /** Split */
            split: string;
            /** Status */
            status: string;
            /** Suite Run */
            suite_run?: string | null;
            /**
             * Truncated
             * @default 0
             */
            truncated: number;
            /**
             * Warnings
             * @default []
             */
            warnings: string[];
        };
        /**
         * EvalSettings
         * @description Settings that determine the requests of a run; recorded with its result.
         *
         *     `system` replaces the examples' system message. `template` wraps the text of each user message, which replaces
         *     `{input}`. `shots` examples of `shots_split` precede every request as user and assistant turns; `seed` selects them,
         *     and all requests have the same ones. `limit` evaluates that many examples, selected by `seed` (a larger limit
         *     contains a smaller one). `concurrency` requests run at the same time; latencies are measured under this load.
         *     `references` is a metadata field with a list of texts that are correct, too, beside the completion. `samples`
         *     outputs are requested for each example, for scorers such as pass@k; all other scorers use the first one.
         */
        EvalSettings: {
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
            /** References */
            references?: string | null;
            /**
             * Samples
             * @default 1
             */
            samples: number;
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
         * EvalStarted
         * @description Evaluation run and its job. Both have the same id.
         */
        EvalStarted: {
            job: components["schemas"]["Job"];
            result: components["schemas"]["EvalResult"];
        };
        /**
         * EvalsSummary
         * @description Counts of evaluations, and the newest finished one.
         */
        EvalsSummary: {
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
         * EvaluationSettings
         * @description Settings of an evaluation.
         *
         *     `cutoffs` are the k of recall@k and nDCG@k; as many passages as the largest are retrieved. With `model` every
         *     question is answered too, through a route or any model of the gateway. `judge` is a model that judges with built-in
         *     definitions; `faithfulness_judge` and `relevance_judge` name judges of the project instead, which may be calibrated.
         *     Judges score the answers, and the context of questions without expected passages. `limit` evaluates the first
         *     questions only. `concurrency` is the number of questions that are answered and judged at once.
         */
        EvaluationSettings: {
            /**
             * Concurrency
             * @default 2
             */
            concurrency: number;
            /**
             * Cutoffs
             * @default [
             *       1,
             *       5,
             *       10
             *     ]
             */
            cutoffs: number[];
            /** Faithfulness Judge */
            faithfulness_judge?: string | null;
            /** Judge */
            judge?: string | null;
            /** Limit */
            limit?: number | null;
            /** Model */
            model?: string | null;
            /**
             * Passages
             * @default 4
             */
            passages: number;
            /** Relevance Judge */
            relevance_judge?: string | null;
        };
        /**
         * EvaluationStart
         * @description Request to evaluate an index of a base: the live one without `index`.
         *
         *     `question_set` is the number of a question set; without it, the accepted questions are frozen as one.
         */
        EvaluationStart: {
            /** Index */
            index?: number | null;
            /** Question Set */
            question_set?: number | null;
            /**
             * @default {
             *       "concurrency": 2,
             *       "cutoffs": [
             *         1,
             *         5,
             *         10
             *       ],
             *       "passages": 4
             *     }
             */
            settings: components["schemas"]["EvaluationSettings"];
        };
        /**
         * Evidence
         * @description Current evidence of a canary, or that at the decision.
         *
         *     `candidate` and `incumbent` are mean scores over `pairs`. `difference` is candidate minus incumbent; `low` and
         *     `high` bound it at confidence 1 - alpha, at all times simultaneously. `e_better` or `e_worse` decides on reaching
         *     `threshold`.
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
            goal: "better" | "non_inferior";
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
         * EvidenceHistoryPoint
         * @description Evidence after `n` pairs; see `vong.loop.sequential.EvidencePoint`.
         */
        EvidenceHistoryPoint: {
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
         * EvidenceLink
         * @description Reference to an object of another stage: its kind (dataset, run, suite_run, ...) and its name or id.
         */
        EvidenceLink: {
            /** Kind */
            kind: string;
            /** Ref */
            ref: string;
        };
        /**
         * Example
         * @description Messages in OpenAI chat format and the expected completion, or a plain text document.
         *
         *     `completion` is the expected completion, `rejected` a worse one (a preference pair), `weight` the weight in training
         *     (default 1.0), `metadata` free JSON. `text` is a document for pre-training; such an example has no messages and no
         *     completion. `origin` and `metadata` are not part of the content hash, so that the same conversation from two origins
         *     is the same example.
         */
        Example: {
            completion?: components["schemas"]["Message"] | null;
            /**
             * Messages
             * @default []
             */
            messages: components["schemas"]["Message"][];
            /**
             * Metadata
             * @default {}
             */
            metadata: {
                [key: string]: unknown;
            };
            origin?: components["schemas"]["ExampleOrigin"] | null;
            rejected?: components["schemas"]["Message"] | null;
            /** Text */
            text?: string | null;
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
         * ExampleOrigin
         * @description Origin of an example, which links lineage in both directions.
         *
         *     `kind` is the type of the object that `id` names: a span, a row of an earlier dataset version, a row of an imported
         *     file (`tickets.jsonl#12`), a chunk of a document, or the person or program that wrote the example.
         */
        ExampleOrigin: {
            /** Id */
            id: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "span" | "row" | "file" | "document" | "annotator";
        };
        /**
         * ExpectedPassage
         * @description Passage that retrieval should return: a quote from a document, or the whole document if there is no quote.
         *
         *     The quote is compared with the words of the retrieved passages, so that the same question set evaluates any chunker
         *     and loader. `relevance` is the gain in nDCG.
         */
        ExpectedPassage: {
            /** Path */
            path: string;
            /**
             * Quote
             * @default
             */
            quote: string;
            /**
             * Relevance
             * @default 1
             */
            relevance: number;
        };
        /**
         * ExportFile
         * @description File of an export.
         */
        ExportFile: {
            /** Bytes */
            bytes: number;
            /** Sha256 */
            sha256: string;
        };
        /**
         * ExportMeasurement
         * @description Measured cost and quality of one candidate: size, speed, memory and loss on a dataset.
         */
        ExportMeasurement: {
            /** Bytes */
            bytes: number;
            /** Loss */
            loss?: number | null;
            /**
             * Loss Rows
             * @default 0
             */
            loss_rows: number;
            /**
             * Loss Tokens
             * @default 0
             */
            loss_tokens: number;
            /** Memory Bytes */
            memory_bytes?: number | null;
            /** Tokens Per Second */
            tokens_per_second?: number | null;
        };
        /**
         * ExportParity
         * @description Comparison of an export with the trainer: token ids, log-probabilities and greedy text.
         *
         *     `equal` is the verdict: equal token ids, and log-probabilities within the tolerance of the precision.
         *     `largest_difference` is the largest difference of the log-probability of a likely token, `lost_likelihood` how much
         *     less likely the export's first choice is for the trainer than the trainer's own, both in natural logarithm.
         */
        ExportParity: {
            /**
             * Computed By
             * @default
             */
            computed_by: string;
            /** Conversations */
            conversations: number;
            /** Equal */
            equal: boolean;
            /** Greedy Difference */
            greedy_difference?: string | null;
            /**
             * Greedy Equal
             * @default 0
             */
            greedy_equal: number;
            /** Largest Difference */
            largest_difference?: number | null;
            /** Lost Likelihood */
            lost_likelihood?: number | null;
            /** Positions */
            positions: number;
            /** Precision */
            precision: string;
            /** Prompt Difference */
            prompt_difference?: string | null;
            /** Reason */
            reason?: string | null;
            /** Tolerance */
            tolerance: number;
        };
        /**
         * ExportRequest
         * @description Format of an export. `quantization` is the level of a GGUF file (`gguf`, `ollama`), by default `q8_0`.
         */
        ExportRequest: {
            /**
             * Format
             * @enum {string}
             */
            format: "safetensors" | "merged" | "gguf" | "vllm" | "ollama" | "int8" | "int4";
            /** Quantization */
            quantization?: string | null;
        };
        /**
         * Facet
         * @description Value of a field and the number of spans with it.
         */
        Facet: {
            /** Count */
            count: number;
            /** Value */
            value: string;
        };
        /**
         * Facets
         * @description Filter values of the last seven days with their counts, most frequent first, at most 100 per field.
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
         * FeedbackOverview
         * @description Counts of scores in the last 7 days. `open_corrections` are those since the last harvest into any dataset.
         */
        FeedbackOverview: {
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
         * @description Result of importing the first rows of a file.
         *
         *     `reason` explains the choice of the format; `options` lists the options of that format. `estimated_rows` covers only
         *     the `bytes` that were read, so a page that sends the beginning of a file can extrapolate to the whole file.
         *     `encoding` names the text encoding, `warnings` what a person should know. `problems` lists rows that cannot be read;
         *     `error` explains why no row can be read.
         */
        FilePreview: {
            /** Bytes */
            bytes: number;
            /**
             * Columns
             * @default []
             */
            columns: string[];
            /** Encoding */
            encoding?: string | null;
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
            /**
             * Warnings
             * @default []
             */
            warnings: string[];
        };
        /**
         * FormatOption
         * @description Option of a format: name, description and default value (null: no default).
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
         * FoundText
         * @description Passage of a text that a search found. `id` is None for a passage of a file, whose path is `path`.
         */
        FoundText: {
            /** Id */
            id: string | null;
            /** Metadata */
            metadata: {
                [key: string]: unknown;
            };
            /** Path */
            path: string;
            /** Score */
            score: number;
            /** Text */
            text: string;
        };
        /**
         * GateApproval
         * @description Approval of one candidate for one subject by a person.
         */
        GateApproval: {
            /** Approved By */
            approved_by: string;
            /** Candidate */
            candidate: string;
            /** Comment */
            comment?: string | null;
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
             * Role
             * @enum {string}
             */
            role: "owner" | "member" | "viewer";
            subject: components["schemas"]["GateSubject"];
        };
        /**
         * GateApprovalCreate
         * @description Approval of a candidate for a subject.
         */
        GateApprovalCreate: {
            /** Candidate */
            candidate: string;
            /** Comment */
            comment?: string | null;
            subject: components["schemas"]["GateSubject"];
        };
        /**
         * GateCheck
         * @description Candidate to check: a model ref for an alias, a target for a route. `reason` would override missing evidence.
         */
        GateCheck: {
            /** Candidate */
            candidate: string;
            /** Reason */
            reason?: string | null;
            subject: components["schemas"]["GateSubject"];
        };
        /**
         * GateDecision
         * @description Decision about one candidate for one subject, with the result of every requirement.
         *
         *     `candidate` identifies the content: a model version (`NAME@HASH`), or the target of a provider. `target` is the
         *     target of a route, `current` what the subject points to now. A decision without an `id` is a preview.
         */
        GateDecision: {
            /** Candidate */
            candidate: string;
            /** Current */
            current?: string | null;
            /**
             * Decided At
             * Format: date-time
             */
            decided_at: string;
            /** Decided By */
            decided_by: string;
            /** Id */
            id?: string | null;
            override?: components["schemas"]["GateOverride"] | null;
            /**
             * Override Roles
             * @default []
             */
            override_roles: ("owner" | "member" | "viewer")[];
            /** Passed */
            passed: boolean;
            /**
             * Policies
             * @default []
             */
            policies: string[];
            /**
             * Requirements
             * @default []
             */
            requirements: components["schemas"]["GateRequirement"][];
            subject: components["schemas"]["GateSubject"];
            /** Target */
            target?: string | null;
        };
        /**
         * GateOverride
         * @description Reason with which a gate was passed although evidence is missing.
         */
        GateOverride: {
            /** By */
            by: string;
            /** Reason */
            reason: string;
            /**
             * Role
             * @enum {string}
             */
            role: "owner" | "member" | "viewer";
        };
        /**
         * GatePolicy
         * @description Version of a policy: the subjects to which it applies and the evidence that it requires.
         */
        GatePolicy: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Created By */
            created_by: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "model_alias" | "route" | "prompt_label" | "pipeline" | "index";
            /** Name */
            name: string;
            /** Pattern */
            pattern: string;
            requirements: components["schemas"]["GateRequirements"];
            /** Version */
            version: number;
        };
        /**
         * GatePolicyUpdate
         * @description New version of a policy: the subjects to which it applies and the evidence that it requires.
         *
         *     `pattern` is a name or a pattern with `*`: `triage:prod` or `*:prod` for aliases, the name for other subjects.
         */
        GatePolicyUpdate: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "model_alias" | "route" | "prompt_label" | "pipeline" | "index";
            /** Pattern */
            pattern: string;
            requirements: components["schemas"]["GateRequirements"];
        };
        /**
         * GateRequirement
         * @description Result of one requirement. `command` provides the missing evidence; null if it passed or nothing helps.
         */
        GateRequirement: {
            /** Command */
            command?: string | null;
            /** Detail */
            detail: string;
            /**
             * Evidence
             * @default {}
             */
            evidence: {
                [key: string]: unknown;
            };
            /**
             * Kind
             * @enum {string}
             */
            kind: "suite" | "slices" | "judges" | "licence" | "parity" | "data_health" | "retrieval" | "approval" | "evidence";
            /** Name */
            name: string;
            /** Passed */
            passed: boolean;
            /** Policy */
            policy: string;
        };
        /**
         * GateRequirements
         * @description Evidence that a policy requires.
         *
         *     `suites` are refs of eval suites (`NAME` for the newest version, or `NAME@VERSION`); the candidate must have passed
         *     each of them. With `no_worse_slice`, no slice may be significantly worse than that of the current version at
         *     `slice_alpha`. `calibrated_judges` requires that every judge of the suites can gate. `licences` lists the allowed
         *     licence identifiers; with `commercial_use` the licence must permit commercial use. `parity` requires a passed parity
         *     check, `data_health` a health report of the training dataset without errors. `retrieval` lists metrics, such as
         *     `recall@5`, in which an index of a knowledge base may not be worse than the live one on the same question set of at
         *     least `min_questions` questions: significantly at `slice_alpha`, or with `retrieval_margin` by more than that bound
         *     of the 95 % interval. `approvals` is the number of people
         *     per role who must approve; a higher role counts for a lower one. `evidence_or_reason` requires that the change
         *     carries evidence or a reason. `max_age_days` limits the age of suite runs. Callers with a role in `override_roles`
         *     may pass a gate with a reason, which is recorded.
         */
        GateRequirements: {
            /**
             * Approvals
             * @default {}
             */
            approvals: {
                [key: string]: number;
            };
            /**
             * Calibrated Judges
             * @default false
             */
            calibrated_judges: boolean;
            /**
             * Commercial Use
             * @default false
             */
            commercial_use: boolean;
            /**
             * Data Health
             * @default false
             */
            data_health: boolean;
            /**
             * Evidence Or Reason
             * @default false
             */
            evidence_or_reason: boolean;
            /**
             * Licences
             * @default []
             */
            licences: string[];
            /** Max Age Days */
            max_age_days?: number | null;
            /**
             * Min Questions
             * @default 1
             */
            min_questions: number;
            /**
             * No Worse Slice
             * @default false
             */
            no_worse_slice: boolean;
            /**
             * Override Roles
             * @default []
             */
            override_roles: ("owner" | "member" | "viewer")[];
            /**
             * Parity
             * @default false
             */
            parity: boolean;
            /**
             * Retrieval
             * @default []
             */
            retrieval: string[];
            /** Retrieval Margin */
            retrieval_margin?: number | null;
            /**
             * Slice Alpha
             * @default 0.05
             */
            slice_alpha: number;
            /**
             * Suites
             * @default []
             */
            suites: string[];
        };
        /**
         * GateSubject
         * @description What a candidate would change: the alias `triage:prod` of a model, the route `support`, a prompt label, ...
         */
        GateSubject: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "model_alias" | "route" | "prompt_label" | "pipeline" | "index";
            /** Name */
            name: string;
        };
        /**
         * GatewaySummary
         * @description Number of routes, and the model calls of the last 24 hours.
         *
         *     `error_rate` and `latency_p50` (milliseconds) are null if there were no calls.
         */
        GatewaySummary: {
            /**
             * Calls
             * @default 0
             */
            calls: number;
            /** Error Rate */
            error_rate?: number | null;
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
         * GenerationSettings
         * @description Settings of the generation of questions: the model, the number of questions and their sample of passages.
         */
        GenerationSettings: {
            /**
             * Concurrency
             * @default 2
             */
            concurrency: number;
            /**
             * Count
             * @default 20
             */
            count: number;
            /**
             * Max Tokens
             * @default 1024
             */
            max_tokens: number;
            /** Model */
            model: string;
            /**
             * Per Passage
             * @default 1
             */
            per_passage: number;
            /**
             * Seed
             * @default 0
             */
            seed: number;
        };
        /**
         * GuardConfig
         * @description Configuration of one guard.
         *
         *     The action `block` rejects the text, `mask` replaces each detection by a placeholder, `flag` records the detections,
         *     `retry` (responses only) calls the model once more and blocks on a second detection. `settings` are the settings of
         *     the guard. `roles` are the message roles that the guard checks in requests; empty uses the default of the guard.
         *     Responses are always checked if `on` covers output.
         */
        GuardConfig: {
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
         * GuardOutcome
         * @description Result of one guard: detections by kind and the applied action, `none` if nothing was detected.
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
         * GuardRail
         * @description Rail: roll back once the candidate's share of bad calls is shown to exceed that of the incumbent by `margin`.
         *
         *     A call is bad if it failed (`errors`), or if its latency in milliseconds or its cost in millionths of a US dollar is
         *     above `limit`. Without a limit, that of latency and cost is the 95th percentile of the route's calls before the
         *     release; if there were too few, of the first calls of the incumbent, which then do not count.
         */
        GuardRail: {
            /** Limit */
            limit?: number | null;
            /**
             * Margin
             * @default 0.05
             */
            margin: number;
            /**
             * Metric
             * @enum {string}
             */
            metric: "errors" | "latency" | "cost";
        };
        /**
         * GuardRailState
         * @description State of a rail: the counts of both sides, and the evidence that the candidate is worse by more than the margin.
         *
         *     `e_worse` is the largest evidence so far; the rail is violated once it reaches `threshold`. `sample` are the
         *     incumbent's first values, from which the limit follows if there is none.
         */
        GuardRailState: {
            /**
             * @default {
             *       "candidate_bad": 0,
             *       "candidate_calls": 0,
             *       "incumbent_bad": 0,
             *       "incumbent_calls": 0
             *     }
             */
            block: components["schemas"]["OpenBlock"];
            /**
             * Candidate Bad
             * @default 0
             */
            candidate_bad: number;
            /**
             * Candidate Calls
             * @default 0
             */
            candidate_calls: number;
            /**
             * E Worse
             * @default 1
             */
            e_worse: number;
            /**
             * Incumbent Bad
             * @default 0
             */
            incumbent_bad: number;
            /**
             * Incumbent Calls
             * @default 0
             */
            incumbent_calls: number;
            /** Limit */
            limit?: number | null;
            /**
             * Log Capitals
             * @default [
             *       0,
             *       0,
             *       0,
             *       0,
             *       0,
             *       0,
             *       0,
             *       0,
             *       0,
             *       0,
             *       0,
             *       0,
             *       0,
             *       0,
             *       0,
             *       0,
             *       0,
             *       0,
             *       0
             *     ]
             */
            log_capitals: number[];
            /** Margin */
            margin: number;
            /**
             * Metric
             * @enum {string}
             */
            metric: "errors" | "latency" | "cost";
            /**
             * Pairs
             * @default 0
             */
            pairs: number;
            /**
             * Sample
             * @default []
             */
            sample: number[];
            /** Threshold */
            threshold: number;
        };
        /**
         * GuardTestRequest
         * @description Text to test guards on, as a request or as a response.
         *
         *     Without `guards` the guards of calls to `model` (a route or another name) are tested, and without `model` those of
         *     the project.
         */
        GuardTestRequest: {
            /**
             * Guards
             * @default []
             */
            guards: components["schemas"]["GuardConfig"][];
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
         * GuardTestResult
         * @description Result of checking a text with guards: the resulting text (null if blocked) and the outcome of each guard.
         */
        GuardTestResult: {
            /** Blocked By */
            blocked_by: string | null;
            /** Outcomes */
            outcomes: components["schemas"]["GuardOutcome"][];
            /** Text */
            text: string | null;
        };
        /**
         * GuardType
         * @description Installed guard: description, supported actions and settings as a JSON schema.
         */
        GuardType: {
            /** Actions */
            actions: ("block" | "mask" | "flag" | "retry")[];
            /** Description */
            description: string;
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
         * GuardsUpdate
         * @description Guards of all calls, in the order in which they check. An empty list removes them.
         */
        GuardsUpdate: {
            /** Guards */
            guards: components["schemas"]["GuardConfig"][];
        };
        /**
         * Harvest
         * @description Result of a harvest: examples in the order of the spans, and the outcome of all other spans.
         *
         *     `corrections` and `good` count the examples from corrections and from good completions. `disagreements` lists the
         *     spans with contradicting corrections. `skipped` counts the remaining spans by reason.
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
            /** Skipped */
            skipped: {
                [key: string]: number;
            };
        };
        /**
         * HarvestRequest
         * @description Harvest request: which spans to turn into rows, and of which dataset. A new dataset is created.
         *
         *     Rows that equal rows of the `exclude_splits` splits, or are near-duplicates of them, are left out, so that test rows
         *     never reach the training data.
         */
        HarvestRequest: {
            /** Dataset */
            dataset: string;
            /**
             * Exclude Splits
             * @default [
             *       "test",
             *       "validation"
             *     ]
             */
            exclude_splits: string[];
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
         * HarvestResult
         * @description Dataset version that contains the harvest, and its counts.
         */
        HarvestResult: {
            /** Added */
            added: number;
            /** Corrections */
            corrections: number;
            /** Disagreements */
            disagreements: components["schemas"]["Disagreement"][];
            /** Excluded */
            excluded: number;
            /** Good */
            good: number;
            /** Ref */
            ref: string;
            /** Rows */
            rows: number;
            /** Skipped */
            skipped: {
                [key: string]: number;
            };
            /** Splits */
            splits: {
                [key: string]: number;
            };
        };
        /**
         * Health
         * @description Health of the server, or of all servers that share its port.
         *
         *     `waiting_spans` are accepted and not yet committed, `disk_spans` of them are buffered on disk, `dropped_spans` were
         *     rejected. `servers` is the number of server processes.
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
         * HealthFinding
         * @description One finding: an `error` invalidates results, a `warning` costs quality, `info` is worth checking.
         */
        HealthFinding: {
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
         * HealthReport
         * @description Health of one dataset version. Row numbers start at 1.
         *
         *     `threshold` is the minimum Jaccard similarity of five-character shingles for two inputs to be near-duplicates.
         *     `unchecked` is the number of rows with too many candidates to compare with all of them.
         */
        HealthReport: {
            /** Characters */
            characters: {
                [key: string]: components["schemas"]["LengthStats"];
            };
            /** Conflicts */
            conflicts: number;
            /** Conflicts Listed */
            conflicts_listed: components["schemas"]["LabelConflict"][];
            /** Empty */
            empty: number[];
            exact: components["schemas"]["DuplicateGroups"];
            /** Findings */
            findings: components["schemas"]["HealthFinding"][];
            /** Labels */
            labels: components["schemas"]["LabelBalance"][];
            /** Languages */
            languages: {
                [key: string]: number;
            };
            /** Leakage */
            leakage: components["schemas"]["SplitLeak"][];
            near: components["schemas"]["DuplicateGroups"];
            /** Personal */
            personal: {
                [key: string]: components["schemas"]["PiiFinding"];
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
                [key: string]: components["schemas"]["LengthStats"];
            };
        };
        /**
         * InboxItem
         * @description A score and its span, or no `span` if that is no longer stored.
         */
        InboxItem: {
            score: components["schemas"]["Score"];
            span?: components["schemas"]["SpanSummary"] | null;
        };
        /**
         * IndexCreate
         * @description Index to build beside the live one, from the documents of the base.
         *
         *     `chunker` and `embedder` are those of the live index if they are not set. `reload` loads the files of the documents
         *     again, with the loaders that are installed now, instead of using the texts that the documents have.
         */
        IndexCreate: {
            chunker?: components["schemas"]["ChunkerSettings"] | null;
            /** Embedder */
            embedder?: string | null;
            /**
             * Reload
             * @default false
             */
            reload: boolean;
        };
        /**
         * IndexStarted
         * @description New index and the job that builds it.
         */
        IndexStarted: {
            index: components["schemas"]["IndexVersion"];
            job: components["schemas"]["Job"];
        };
        /**
         * IndexSwitch
         * @description Change of the live index of a base: the new index, the previous one, who switched, and why.
         *
         *     `evidence` has the decision of the gate, the evaluations that it is based on, or what the caller sent.
         */
        IndexSwitch: {
            /** Base */
            base: string;
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
            /** Number */
            number: number;
            /** Previous */
            previous?: number | null;
            /** Reason */
            reason?: string | null;
            /** Switched By */
            switched_by: string;
        };
        /**
         * IndexSwitchRequest
         * @description Switch to an index. Without finished evaluations of both indexes, evidence or a reason is required.
         *
         *     With `allow_missing` the index may lack documents that were added just now.
         */
        IndexSwitchRequest: {
            /**
             * Allow Missing
             * @default false
             */
            allow_missing: boolean;
            /**
             * Evidence
             * @default {}
             */
            evidence: {
                [key: string]: unknown;
            };
            /** Reason */
            reason?: string | null;
        };
        /**
         * IndexVersion
         * @description Index of a base with the number of documents that it contains, and of those that it lacks.
         *
         *     `missing` counts the documents of the base whose current version is not in the index.
         */
        IndexVersion: {
            /** Base */
            base: string;
            /** Chunker */
            chunker: {
                [key: string]: unknown;
            };
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
            /** Dimension */
            dimension: number;
            /**
             * Distance
             * @default cosine
             */
            distance: string;
            /**
             * Documents
             * @default 0
             */
            documents: number;
            /** Embedder */
            embedder: string;
            /** Ended At */
            ended_at?: string | null;
            /**
             * Hash
             * @default
             */
            hash: string;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Missing
             * @default 0
             */
            missing: number;
            /** Number */
            number: number;
            /** Reason */
            reason?: string | null;
            /**
             * Reload
             * @default false
             */
            reload: boolean;
            /** State */
            state: string;
            /**
             * Tokens
             * @default 0
             */
            tokens: number;
        };
        /**
         * IngestRequest
         * @description Documents to load and index: those with these ids, or all of the base that are not ready.
         */
        IngestRequest: {
            /** Documents */
            documents?: string[] | null;
        };
        /**
         * IngestResult
         * @description Number of committed spans.
         */
        IngestResult: {
            /** Stored */
            stored: number;
        };
        /**
         * Job
         * @description Job with its kind, parameters, status and result. `attempts` counts the starts.
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
         * JudgeCallSettings
         * @description Settings of the calls of a judge.
         *
         *     `structured` is how the verdict's form is requested: a JSON schema, any JSON object, only in the prompt, or `auto`:
         *     a schema, without it if the model refuses it. A verdict that cannot be read is requested again at most `repairs`
         *     times with the fault named. An answer that was cut off is requested again with twice as many tokens.
         */
        JudgeCallSettings: {
            /**
             * Max Tokens
             * @default 1024
             */
            max_tokens: number;
            /** Reasoning Effort */
            reasoning_effort?: string | null;
            /**
             * Repairs
             * @default 2
             */
            repairs: number;
            /** Seed */
            seed?: number | null;
            /**
             * Structured
             * @default auto
             * @enum {string}
             */
            structured: "auto" | "json_schema" | "json_object" | "text";
            /**
             * Temperature
             * @default 0
             */
            temperature: number;
        };
        /**
         * JudgeCreate
         * @description Judge to store. A new definition of an existing judge becomes its current version.
         */
        JudgeCreate: {
            definition: components["schemas"]["JudgeDefinition"];
            /** Name */
            name: string;
        };
        /**
         * JudgeCriterion
         * @description Criterion of a rubric. The score of an output is the weighted mean of its criteria.
         */
        JudgeCriterion: {
            /** Description */
            description: string;
            /** Name */
            name: string;
            /**
             * Weight
             * @default 1
             */
            weight: number;
        };
        /**
         * JudgeDefinition
         * @description Definition of a judge.
         *
         *     `rubric` returns a number of `scale`, for each criterion if there are `criteria`. `reference` does so and compares
         *     with the reference of the example. `pass_fail` returns pass or fail with a reason. `pairwise` returns the better of
         *     two outputs; it is called twice with swapped positions, and verdicts that contradict each other are ties. A `jury`
         *     combines the verdicts of its `members` (other judges of one kind, `member_kind`) by `vote` or `mean`.
         *
         *     `prompt` says what a good output is. `template` is the message with the texts to judge; without it, the message has
         *     the input, the reference and the output.
         */
        JudgeDefinition: {
            /**
             * Combine
             * @default vote
             * @enum {string}
             */
            combine: "vote" | "mean";
            /**
             * Criteria
             * @default []
             */
            criteria: components["schemas"]["JudgeCriterion"][];
            /**
             * Kind
             * @enum {string}
             */
            kind: "rubric" | "pairwise" | "pass_fail" | "reference" | "jury";
            /**
             * Member Kind
             * @default pass_fail
             * @enum {string}
             */
            member_kind: "rubric" | "pairwise" | "pass_fail";
            /**
             * Members
             * @default []
             */
            members: string[];
            /**
             * Model
             * @default
             */
            model: string;
            /**
             * Prompt
             * @default
             */
            prompt: string;
            /**
             * @default {
             *       "highest": 5,
             *       "lowest": 1
             *     }
             */
            scale: components["schemas"]["JudgeScale"];
            /**
             * @default {
             *       "max_tokens": 1024,
             *       "repairs": 2,
             *       "structured": "auto",
             *       "temperature": 0
             *     }
             */
            settings: components["schemas"]["JudgeCallSettings"];
            /**
             * Shots
             * @default []
             */
            shots: components["schemas"]["JudgeShot"][];
            /**
             * Template
             * @default
             */
            template: string;
        };
        /**
         * JudgeDetails
         * @description Judge with all of its versions and calibrations, newest first.
         */
        JudgeDetails: {
            /** Calibrations */
            calibrations: components["schemas"]["Calibration"][];
            current: components["schemas"]["JudgeVersion"];
            /** Versions */
            versions: components["schemas"]["JudgeVersion"][];
        };
        /**
         * JudgeInput
         * @description Texts that a judge reads: the conversation before the output, the output, and the reference.
         *
         *     `other` is the second output of a pairwise judgement. `metadata` holds the fields of the example for placeholders.
         */
        JudgeInput: {
            /**
             * Input
             * @default
             */
            input: string;
            /**
             * Metadata
             * @default {}
             */
            metadata: {
                [key: string]: unknown;
            };
            /** Other */
            other?: string | null;
            /**
             * Output
             * @default
             */
            output: string;
            /**
             * Reference
             * @default
             */
            reference: string;
        };
        /**
         * JudgeOverview
         * @description Judge in a list: its current version, the number of versions and the newest calibration of the current one.
         */
        JudgeOverview: {
            calibration?: components["schemas"]["Calibration"] | null;
            judge: components["schemas"]["JudgeVersion"];
            /** Versions */
            versions: number;
        };
        /**
         * JudgeScale
         * @description Scale of whole numbers from `lowest` to `highest`, both included. The highest is the best.
         */
        JudgeScale: {
            /**
             * Highest
             * @default 5
             */
            highest: number;
            /**
             * Lowest
             * @default 1
             */
            lowest: number;
        };
        /**
         * JudgeShot
         * @description Judged example in the prompt of a judge. `verdict` is the JSON object that the judge is to return.
         */
        JudgeShot: {
            /**
             * Input
             * @default
             */
            input: string;
            /**
             * Other
             * @default
             */
            other: string;
            /**
             * Output
             * @default
             */
            output: string;
            /**
             * Reference
             * @default
             */
            reference: string;
            /** Verdict */
            verdict: {
                [key: string]: unknown;
            };
        };
        /**
         * JudgeVersion
         * @description Version of a judge. `current` is the one that the bare name means.
         *
         *     `tuning` is the evidence of a tuned version: its agreement with held-out labels beside that of the version that it
         *     came from.
         */
        JudgeVersion: {
            /**
             * Author
             * @default
             */
            author: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Current */
            current: boolean;
            definition: components["schemas"]["JudgeDefinition"];
            /** Name */
            name: string;
            /** Tuning */
            tuning?: {
                [key: string]: unknown;
            } | null;
            /** Version */
            version: string;
        };
        /**
         * Judgement
         * @description Verdict of a judge about one input, or the `error` that prevented one.
         *
         *     `score` is in 0..1, `verdict` the value on the judge's own scale (`pass`, `4`, `A`). `criteria` holds the score of
         *     each criterion in 0..1. `consistent` is False if a pairwise judge contradicted itself after the swap, `first` the
         *     number of its verdicts for the output that was shown first. `agreement` is the share of a jury's members with its
         *     verdict. `cost` is in millionths of a US dollar, null until all prices are known; a `cached` judgement cost nothing
         *     this time.
         */
        Judgement: {
            /** Agreement */
            agreement?: number | null;
            /**
             * Cached
             * @default false
             */
            cached: boolean;
            /** Consistent */
            consistent?: boolean | null;
            /** Cost */
            cost?: number | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Criteria
             * @default {}
             */
            criteria: {
                [key: string]: number;
            };
            /** Error */
            error?: string | null;
            /** First */
            first?: number | null;
            /** Input Hash */
            input_hash: string;
            /**
             * Input Tokens
             * @default 0
             */
            input_tokens: number;
            /** Judge */
            judge: string;
            /**
             * Latency Ms
             * @default 0
             */
            latency_ms: number;
            /**
             * Output Tokens
             * @default 0
             */
            output_tokens: number;
            /**
             * Reason
             * @default
             */
            reason: string;
            /**
             * Repairs
             * @default 0
             */
            repairs: number;
            /** Score */
            score?: number | null;
            /**
             * Span Ids
             * @default []
             */
            span_ids: string[];
            /**
             * Verdict
             * @default
             */
            verdict: string;
        };
        /**
         * KeepRequest
         * @description Name of the model that an export becomes a version of; by default the model's name and its compression.
         */
        KeepRequest: {
            /** Name */
            name?: string | null;
        };
        /**
         * KeyCreate
         * @description API key to create.
         *
         *     An owner may name another `project` than the own one. A key with a `scope` may only call models and send feedback.
         */
        KeyCreate: {
            /** Expires At */
            expires_at?: string | null;
            labels?: components["schemas"]["KeyLabels"] | null;
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
            scope?: components["schemas"]["KeyScope"] | null;
        };
        /**
         * KeyLabels
         * @description Accounting labels of the calls of a key.
         *
         *     `tags` are added to the tags of a call. `user` is the end user of calls that name none.
         */
        KeyLabels: {
            /**
             * Tags
             * @default []
             */
            tags: string[];
            /** User */
            user?: string | null;
        };
        /**
         * KeyRotation
         * @description Rotation of a key. The old secret stays valid for `overlap` seconds.
         *
         *     `expires_at` is the new expiry of the key; null keeps the current one.
         */
        KeyRotation: {
            /** Expires At */
            expires_at?: string | null;
            /**
             * Overlap
             * @default 0
             */
            overlap: number;
        };
        /**
         * KeyScope
         * @description Models and endpoints that a key may call. An empty list allows all.
         *
         *     `models` are names as callers write them, with `*` as a wildcard: `triage`, `openai/*`, `deployment/*`.
         *     `endpoints` are `chat`, `embeddings` and others. `bases` are the names of knowledge bases that it may read and
         *     change, with `*`. A key with a scope that lists none may use all of them if it lists the endpoint `vector_stores`,
         *     and none otherwise.
         */
        KeyScope: {
            /**
             * Bases
             * @default []
             */
            bases: string[];
            /**
             * Endpoints
             * @default []
             */
            endpoints: string[];
            /**
             * Models
             * @default []
             */
            models: string[];
        };
        /**
         * KnowledgeBase
         * @description Knowledge base. `index_version` is a hash of its documents, chunk settings and embedder.
         */
        KnowledgeBase: {
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
         * KnowledgeComparison
         * @description Comparison of evaluation `b` with evaluation `a` over the `n` questions that both evaluated.
         *
         *     `metrics` has the differences with 95 % intervals by a paired bootstrap over questions. `changes` lists the
         *     questions whose `metric` changed most. `warnings` lists settings that differ.
         */
        KnowledgeComparison: {
            a: components["schemas"]["KnowledgeEvaluation"];
            b: components["schemas"]["KnowledgeEvaluation"];
            /**
             * Changes
             * @default []
             */
            changes: components["schemas"]["QuestionChange"][];
            /**
             * Confidence
             * @default 0.95
             */
            confidence: number;
            /** Metric */
            metric: string;
            /** Metrics */
            metrics: {
                [key: string]: components["schemas"]["MetricComparison"];
            };
            /** N */
            n: number;
            /**
             * Warnings
             * @default []
             */
            warnings: string[];
        };
        /**
         * KnowledgeEvaluation
         * @description Evaluation of one index on one question set. Its id is that of its job.
         *
         *     `index_hash` is the content of the index at the start. `metrics` are means over the questions to which they apply;
         *     `retrieval_ms` and `answer_ms` are medians, with `_p95` the 95th percentiles. `cost` is in millionths of a US
         *     dollar, null if a price is unknown. `warnings` list expected passages that the documents do not contain.
         */
        KnowledgeEvaluation: {
            /** Base */
            base: string;
            /** Cost */
            cost?: number | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Created By */
            created_by: string;
            /**
             * Done
             * @default 0
             */
            done: number;
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
            /** Index Hash */
            index_hash: string;
            /** Index Number */
            index_number: number;
            /**
             * Metrics
             * @default {}
             */
            metrics: {
                [key: string]: components["schemas"]["RetrievalMetric"];
            };
            /** Question Set */
            question_set: number;
            /** Question Set Hash */
            question_set_hash: string;
            /** Questions */
            questions: number;
            settings: components["schemas"]["EvaluationSettings"];
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "running" | "finished" | "failed" | "cancelled";
            /**
             * Warnings
             * @default []
             */
            warnings: string[];
        };
        /**
         * KnowledgeEvaluationStarted
         * @description Queued evaluation and its job. Both have the same id.
         */
        KnowledgeEvaluationStarted: {
            evaluation: components["schemas"]["KnowledgeEvaluation"];
            job: components["schemas"]["Job"];
        };
        /**
         * KnowledgeImport
         * @description Import of a knowledge base: the name of the `base` whose documents become the rows.
         */
        KnowledgeImport: {
            /** Base */
            base: string;
        };
        /**
         * KnowledgeQuestion
         * @description Stored question of a knowledge base.
         *
         *     Generated questions are `proposed` until a person accepts or rejects them; only accepted ones are evaluated.
         *     `origin` says where the question comes from: the model and the document, or the trace. `edited` is true if a person
         *     changed a generated question.
         */
        KnowledgeQuestion: {
            /** Answer */
            answer?: string | null;
            /**
             * Answerable
             * @default true
             */
            answerable: boolean;
            /** Base */
            base: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Created By */
            created_by: string;
            /**
             * Edited
             * @default false
             */
            edited: boolean;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Origin
             * @default {}
             */
            origin: {
                [key: string]: unknown;
            };
            /**
             * Passages
             * @default []
             */
            passages: components["schemas"]["ExpectedPassage"][];
            /** Question */
            question: string;
            /** Reviewed At */
            reviewed_at?: string | null;
            /** Reviewed By */
            reviewed_by?: string | null;
            /**
             * Source
             * @enum {string}
             */
            source: "own" | "generated" | "trace";
            /**
             * State
             * @enum {string}
             */
            state: "proposed" | "accepted" | "rejected";
        };
        /**
         * KnowledgeSource
         * @description Source of documents of a knowledge base.
         *
         *     `state` is that of the newest sync. `documents` counts the documents of the source. `secret_set` is true if a secret
         *     is stored: a Notion token, `ACCESS_KEY:SECRET_KEY` of a bucket or the `Authorization` header of web pages.
         */
        KnowledgeSource: {
            /** Base */
            base: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Created By */
            created_by: string;
            /**
             * Documents
             * @default 0
             */
            documents: number;
            /** Every Hours */
            every_hours?: number | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "page" | "sitemap" | "crawl" | "notion" | "notion_export" | "folder" | "bucket";
            last_sync?: components["schemas"]["SourceSync"] | null;
            /** Name */
            name: string;
            /** Next Sync At */
            next_sync_at?: string | null;
            /**
             * Paused
             * @default false
             */
            paused: boolean;
            /** Secret Set */
            secret_set: boolean;
            /** Settings */
            settings: {
                [key: string]: unknown;
            };
            /**
             * State
             * @default new
             * @enum {string}
             */
            state: "new" | "queued" | "syncing" | "ready" | "failed" | "cancelled";
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
        };
        /**
         * KnowledgeSummary
         * @description Counts of knowledge bases, documents and chunks.
         */
        KnowledgeSummary: {
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
         * KnowledgeText
         * @description Text with an id and metadata. A text without id gets one; one with the id of another text replaces it.
         */
        KnowledgeText: {
            /** Id */
            id?: string | null;
            /**
             * Metadata
             * @default {}
             */
            metadata: {
                [key: string]: unknown;
            };
            /** Text */
            text: string;
        };
        /**
         * LabelBalance
         * @description Balance of one label.
         *
         *     `evenness` is the entropy divided by its maximum (1 is balanced). `ratio` is the largest count divided by the
         *     smallest.
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
         * LabelConflict
         * @description One input (identical or near-duplicate) with contradicting completions: rows and votes per label value.
         */
        LabelConflict: {
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
         * LabelCount
         * @description Number of labelled outputs of a task (a dataset), and of the people who labelled them.
         */
        LabelCount: {
            /** Authors */
            authors: number;
            /** Labels */
            labels: number;
            /** Task */
            task: string;
        };
        /**
         * LabelCreate
         * @description Label of an output: a value in 0..1, one of `levels` equidistant ones.
         */
        LabelCreate: {
            /**
             * Levels
             * @default 2
             */
            levels: number;
            /** Position */
            position: number;
            /** Value */
            value: number;
        };
        /**
         * LabelDisagreement
         * @description Label that the judge contradicts, with the judge's reason. The largest differences are listed.
         */
        LabelDisagreement: {
            /** Input */
            input: string;
            /** Label */
            label: string;
            /** Other */
            other?: string | null;
            /** Output */
            output: string;
            /** Reason */
            reason: string;
            /** Verdict */
            verdict: string;
        };
        /**
         * LabelItem
         * @description Output of a run to label, without scores or verdicts, so that they cannot influence the label.
         *
         *     `value` is the label of the caller, if there is one.
         */
        LabelItem: {
            /** Answer */
            answer: string;
            /** Position */
            position: number;
            /** Prompt */
            prompt: string;
            /** Reference */
            reference: string;
            /** Value */
            value?: number | null;
        };
        /**
         * LabelQueue
         * @description Outputs of a run that the caller has not labelled yet, in a random order that is the same at every request.
         */
        LabelQueue: {
            /** Items */
            items: components["schemas"]["LabelItem"][];
            /** Labelled */
            labelled: number;
            /** Remaining */
            remaining: number;
        };
        /**
         * LedgerSummary
         * @description Usage of a group of calls, from the ledger.
         *
         *     `cost` sums the `priced` calls, in millionths of a US dollar. `calls` includes the `failed` calls. `at` is the start
         *     of the hour, day or month in UTC, if the rows are grouped by time.
         */
        LedgerSummary: {
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
         * LengthStats
         * @description Distribution of lengths. `histogram` pairs the upper bound of each bin (a power of two) with its row count.
         */
        LengthStats: {
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
         * LevelPlan
         * @description Memory and speed of the deployment with another quantization.
         */
        LevelPlan: {
            /** Fits */
            fits: boolean;
            /** Output Speed */
            output_speed?: number | null;
            /** Quantization */
            quantization: string;
            /** Required */
            required: number;
        };
        /**
         * LibraryInfo
         * @description Library and its version, null if it is not installed. `extra` is null for libraries that Vong always has.
         */
        LibraryInfo: {
            /** Extra */
            extra: string | null;
            /** Name */
            name: string;
            /** Version */
            version: string | null;
        };
        /**
         * LicenceTerms
         * @description Known terms of a licence. `commercial` is null if it is unknown.
         */
        LicenceTerms: {
            /** Commercial */
            commercial: boolean | null;
            /**
             * Conditions
             * @default []
             */
            conditions: string[];
            /** Licence */
            licence: string | null;
            /** Name */
            name: string;
            /** Warning */
            warning?: string | null;
        };
        /**
         * Limit
         * @description Limit in force.
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
             * Metric
             * @enum {string}
             */
            metric: "requests" | "tokens" | "concurrency" | "cost";
            /**
             * Subject
             * @default *
             */
            subject: string;
            /**
             * Subject Type
             * @enum {string}
             */
            subject_type: "project" | "key" | "user" | "route" | "tag";
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /**
             * Window
             * @enum {string}
             */
            window: "minute" | "hour" | "day" | "month" | "lifetime" | "now";
        };
        /**
         * LimitCreate
         * @description Limit of `amount` on a `metric` per `window`, for a `subject` of type `subject_type`.
         *
         *     The subject `*` applies the limit to each subject separately. Tokens are input plus output tokens, cost is in
         *     millionths of a US dollar, `concurrency` always has the window `now`. Windows start with the minute, hour, day or
         *     month in UTC.
         */
        LimitCreate: {
            /** Amount */
            amount: number;
            /**
             * Metric
             * @enum {string}
             */
            metric: "requests" | "tokens" | "concurrency" | "cost";
            /**
             * Subject
             * @default *
             */
            subject: string;
            /**
             * Subject Type
             * @enum {string}
             */
            subject_type: "project" | "key" | "user" | "route" | "tag";
            /**
             * Window
             * @enum {string}
             */
            window: "minute" | "hour" | "day" | "month" | "lifetime" | "now";
        };
        /**
         * LimitState
         * @description Usage of one subject of a limit.
         *
         *     `reserved` is held for running calls, and by servers as quota for the next calls.
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
         * Lineage
         * @description Lineage in both directions. `backwards` ends at files, spans and people, `forwards` at counts of answers.
         */
        Lineage: {
            backwards?: components["schemas"]["LineageNode"] | null;
            forwards?: components["schemas"]["LineageNode"] | null;
            /** Ref */
            ref: string;
        };
        /**
         * LineageNode
         * @description Object with its sources (backwards) or uses (forwards) as children. `more` counts the omitted children.
         */
        LineageNode: {
            /**
             * Children
             * @default []
             */
            children: components["schemas"]["LineageNode"][];
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
         * LogLine
         * @description Line of the log of a job. `number` counts from 1 within the job.
         */
        LogLine: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Line */
            line: string;
            /** Number */
            number: number;
        };
        /**
         * LogTail
         * @description Last lines of an engine log, oldest first.
         */
        LogTail: {
            /** Lines */
            lines: string[];
        };
        /**
         * LoopPlan
         * @description Plan of a loop run.
         *
         *     `rows` is a shipped file (`shipped:tickets.jsonl`) or an imported dataset (`dataset:REF`), `base` a shipped model
         *     (`shipped:smollm2-135m-instruct`) or a registered one (`model:REF`), `handbook` a shipped folder or an existing
         *     knowledge base (`base:NAME`).
         *
         *     `fields` lists the closed JSON fields by which a completion is scored. `splits` sets the share of each split of the
         *     rows: `train` and `validation` for training, `traffic` for the replayed requests, `test` for the evaluations,
         *     `canary` for the replayed requests of the canary. Rows of `traffic` reach the training data only as harvested
         *     feedback; rows of `test` and `canary` never do.
         */
        LoopPlan: {
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
            /** Engine */
            engine?: string | null;
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
         * LoopPolicy
         * @description Loop policy. Each change of its content needs a new consent and has the next `version`.
         */
        LoopPolicy: {
            consent: components["schemas"]["PolicyConsent"];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            definition: components["schemas"]["LoopPolicyDefinition"];
            /** Name */
            name: string;
            /**
             * Paused
             * @default false
             */
            paused: boolean;
            /**
             * State
             * @default {}
             */
            state: {
                [key: string]: unknown;
            };
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
            /** Version */
            version: number;
        };
        /**
         * LoopPolicyDefinition
         * @description Content of a loop policy.
         *
         *     Feedback on `route` is harvested into `dataset`. The candidate is deployed beside the targets of the route, must
         *     pass `suite` and not be significantly worse than the current target on it, must pass every gate of the route (the
         *     gate policy `gate` among them, if set), and is released by the plan `release`. A run starts at the earliest
         *     `cool_down` after the last one has ended. `engine` serves the candidate.
         */
        LoopPolicyDefinition: {
            /**
             * @default {
             *       "minutes": 240
             *     }
             */
            budget: components["schemas"]["PolicyBudget"];
            /**
             * Cool Down
             * @default 1h
             */
            cool_down: string;
            /** Dataset */
            dataset: string;
            /** Engine */
            engine?: string | null;
            /** Gate */
            gate?: string | null;
            /**
             * @default {
             *       "min_value": 0.8,
             *       "pairs": false
             *     }
             */
            harvest: components["schemas"]["PolicyHarvest"];
            /**
             * @default {
             *       "alpha": 0.05,
             *       "goal": "better",
             *       "guard_alpha": 0.05,
             *       "guard_rails": [
             *         {
             *           "margin": 0.05,
             *           "metric": "errors"
             *         },
             *         {
             *           "margin": 0.15,
             *           "metric": "latency"
             *         }
             *       ],
             *       "manual": false,
             *       "margin": 0,
             *       "max_hours": 168,
             *       "max_pairs": 500,
             *       "metric": "quality",
             *       "min_pairs": 10,
             *       "score_share": 1,
             *       "scorers": [],
             *       "shadow_pairs": 0,
             *       "shadow_share": 1,
             *       "sources": [
             *         "human",
             *         "judge",
             *         "program",
             *         "replay"
             *       ],
             *       "step_pairs": 5,
             *       "step_seconds": 0,
             *       "steps": [
             *         0.05,
             *         0.25,
             *         0.5
             *       ]
             *     }
             */
            release: components["schemas"]["ReleasePlan"];
            /** Route */
            route: string;
            /** Suite */
            suite: string;
            training: components["schemas"]["PolicyTraining"];
            triggers: components["schemas"]["LoopTriggers"];
        };
        /**
         * LoopPolicySet
         * @description Content of a loop policy. `consent` must be true: it permits runs and promotions without a further action.
         */
        LoopPolicySet: {
            /**
             * Consent
             * @default false
             */
            consent: boolean;
            definition: components["schemas"]["LoopPolicyDefinition"];
        };
        /**
         * LoopRunCreate
         * @description Loop run to start. Without a plan the quickstart plan runs on the bundled samples.
         */
        LoopRunCreate: {
            plan?: components["schemas"]["LoopPlan"] | null;
        };
        /**
         * LoopSummary
         * @description Active loop runs and canaries. `last_decision` is the status of the canary that was decided last.
         */
        LoopSummary: {
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
             * Runs Running
             * @default 0
             */
            runs_running: number;
        };
        /**
         * LoopTriggers
         * @description Conditions that start a run; at least one is required, and one that holds suffices.
         *
         *     `corrections` and `scores` count answers of the route with a new correction or score since the last run. `every`
         *     (`6h`) or `cron` (`30 2 * * 1-5`, UTC) starts runs by time. `new_base` starts a run once the base of the training
         *     names another version: a newly registered version, or a moved alias.
         */
        LoopTriggers: {
            /** Corrections */
            corrections?: number | null;
            /** Cron */
            cron?: string | null;
            drift?: components["schemas"]["DriftTrigger"] | null;
            /** Every */
            every?: string | null;
            /**
             * New Base
             * @default false
             */
            new_base: boolean;
            /** Scores */
            scores?: number | null;
        };
        /**
         * MemoryEstimate
         * @description Peak memory in bytes and its parts.
         *
         *     `training_state` is the trained weights of an adapter and the optimiser. `other_models` is the weights of a teacher
         *     or a reward model. Gradients and activations reach their peaks at different times unless gradients are accumulated:
         *     `peak_bytes` counts the larger of them then.
         */
        MemoryEstimate: {
            /** Activations */
            activations: number;
            /** Gradients */
            gradients: number;
            /** Libraries */
            libraries: number;
            /** Logits */
            logits: number;
            /**
             * Other Models
             * @default 0
             */
            other_models: number;
            /** Peak Bytes */
            peak_bytes: number;
            /** Training State */
            training_state: number;
            /** Weights */
            weights: number;
        };
        /**
         * MemoryPlan
         * @description Memory of one replica in bytes, computed before its start.
         *
         *     `required` is the sum of `weights`, `runtime` and the part of the `cache` that a deployment must have. `cache` holds
         *     `batch` conversations of `context` tokens (None if the size of a token in the cache is unknown). `machine` has the
         *     most memory for it, `available` bytes. `evicts` are deployments that are put to sleep for it, if they are idle.
         */
        MemoryPlan: {
            /** Available */
            available?: number | null;
            /** Batch */
            batch: number;
            /** Cache */
            cache: number | null;
            /** Context */
            context: number;
            /**
             * Evicts
             * @default []
             */
            evicts: string[];
            /** Machine */
            machine?: string | null;
            /** Note */
            note?: string | null;
            /** Required */
            required: number;
            /** Runtime */
            runtime: number;
            /** Weights */
            weights: number;
        };
        /**
         * Message
         * @description Chat message. Additional fields of a provider are preserved.
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
         * @description One metric of both runs over `n` shared examples, with the evidence for a difference.
         *
         *     `low` and `high` bound `difference` (b minus a) by a paired bootstrap at `confidence`. `wins` counts the examples
         *     on which b is better than a, `losses` those on which b is worse; if `higher_is_better` is false, lower is better.
         *     `test` is the paired test that suits the metric: McNemar's exact test for scores of 0 and 1, the permutation test
         *     for other means, the bootstrap for metrics of a whole corpus such as BLEU. `p` is its two-sided p-value,
         *     `adjusted_p` the same with Holm's correction over all metrics. `effect_measure` is `cohens_g` for McNemar's test,
         *     else `cohens_dz` of the scores of single examples; `effect_low` and `effect_high` bound `effect_size`. `mcnemar_p`
         *     is the exact p-value if every score is 0 or 1. `minimum_detectable` is the difference that this number of examples
         *     detects with a power of 80 %; null if the runs never differed.
         */
        MetricComparison: {
            /** A */
            a: number;
            /**
             * Adjusted P
             * @default 1
             */
            adjusted_p: number;
            /** B */
            b: number;
            /** Difference */
            difference: number;
            /** Effect High */
            effect_high?: number | null;
            /** Effect Low */
            effect_low?: number | null;
            /** Effect Measure */
            effect_measure?: string | null;
            /** Effect Size */
            effect_size?: number | null;
            /** High */
            high: number;
            /**
             * Higher Is Better
             * @default true
             */
            higher_is_better: boolean | null;
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
            /**
             * P
             * @default 1
             */
            p: number;
            /**
             * Test
             * @default permutation
             * @enum {string}
             */
            test: "mcnemar" | "permutation" | "bootstrap";
            /** Ties */
            ties: number;
            /** Wins */
            wins: number;
        };
        /**
         * MetricPoint
         * @description One value of a metric at one step.
         */
        MetricPoint: {
            /**
             * Recorded At
             * Format: date-time
             */
            recorded_at: string;
            /** Step */
            step: number;
            /** Value */
            value: number;
        };
        /**
         * MetricsLog
         * @description Metrics of one step.
         */
        MetricsLog: {
            /** Recorded At */
            recorded_at?: string | null;
            /** Step */
            step: number;
            /** Values */
            values: {
                [key: string]: number;
            };
        };
        /**
         * ModelBundle
         * @description Hashes of everything that a version was made from, written at its registration.
         *
         *     `weights`, `adapter` and `tokenizer` cover the files of that kind (name and sha256), `chat_template` the text of the
         *     template. An adapter without own tokenizer has that of its base. `code` names the version of Vong, the hash of its
         *     source and, in a checkout, the git commit. `hash` covers all other fields.
         */
        ModelBundle: {
            /** Adapter */
            adapter?: string | null;
            /** Base */
            base?: string | null;
            /** Base Hash */
            base_hash?: string | null;
            /** Base Licence */
            base_licence?: string | null;
            /** Chat Template */
            chat_template?: string | null;
            /**
             * Code
             * @default {}
             */
            code: {
                [key: string]: string;
            };
            /** Dataset */
            dataset?: string | null;
            /** Dataset Hash */
            dataset_hash?: string | null;
            /**
             * Hash
             * @default
             */
            hash: string;
            /** Licence */
            licence?: string | null;
            /** Run */
            run?: string | null;
            /** Settings */
            settings?: {
                [key: string]: unknown;
            } | null;
            /** Settings Hash */
            settings_hash?: string | null;
            /** Tokenizer */
            tokenizer?: string | null;
            /** Version */
            version: string;
            /** Weights */
            weights?: string | null;
        };
        /**
         * ModelCard
         * @description Model version with its bundle, licence terms, evaluations, aliases, deployments and exports.
         */
        ModelCard: {
            /**
             * Aliases
             * @default []
             */
            aliases: string[];
            base_licence?: components["schemas"]["LicenceTerms"] | null;
            bundle?: components["schemas"]["ModelBundle"] | null;
            /**
             * Deployments
             * @default []
             */
            deployments: string[];
            /**
             * Evaluations
             * @default []
             */
            evaluations: components["schemas"]["EvalResult"][];
            /**
             * Exports
             * @default []
             */
            exports: components["schemas"]["ModelExport"][];
            licence: components["schemas"]["LicenceTerms"];
            version: components["schemas"]["ModelVersion"];
            /**
             * Warnings
             * @default []
             */
            warnings: string[];
        };
        /**
         * ModelExport
         * @description Files of a model version in a format for other programs.
         *
         *     `notes` states what the export contains and what was not possible.
         */
        ModelExport: {
            /** Bytes */
            bytes: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Files */
            files: {
                [key: string]: components["schemas"]["ExportFile"];
            };
            /**
             * Format
             * @enum {string}
             */
            format: "safetensors" | "merged" | "gguf" | "vllm" | "ollama" | "int8" | "int4" | "gguf-lora";
            /**
             * Id
             * Format: uuid
             */
            id: string;
            measurement?: components["schemas"]["ExportMeasurement"] | null;
            /** Model */
            model: string;
            /**
             * Notes
             * @default []
             */
            notes: string[];
            parity?: components["schemas"]["ExportParity"] | null;
            /** Quantization */
            quantization?: string | null;
        };
        /**
         * ModelImport
         * @description Model to import.
         *
         *     `source` is the bundled model, a model of a hub (`owner/name`, `owner/name@revision`, `owner/name/file.gguf`), a
         *     model of the worker's Ollama (`ollama:NAME`), or a path on the worker's machine: a folder, a GGUF file or a
         *     Modelfile. Paths and models of Ollama are for owners only.
         */
        ModelImport: {
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
         * ModelVersion
         * @description Model weights with the metadata that is needed to use and evaluate them.
         *
         *     `hash` is the sha256 of the content: the sorted list of (file name, sha256 of the file). `files` maps a file name to
         *     its blob. `base` is the ref of the base model of an adapter, `dataset` the ref of the dataset version that trained
         *     the model, `run` the training run. `chat_template` is the Jinja template that renders messages for the tokenizer.
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
         * Monitor
         * @description Monitor with its state.
         *
         *     `blocked` says why nothing is scored now. `cost_today` and `calls_today` sum the model calls of its scorers since
         *     00:00 UTC; `hour` counts the calls sampled in the last 60 minutes. `open_alarms` and `open_reviews` need attention.
         */
        Monitor: {
            /** Blocked */
            blocked?: string | null;
            /** Blocked Until */
            blocked_until?: string | null;
            /**
             * Calls Today
             * @default 0
             */
            calls_today: number;
            /**
             * Cost
             * @default 0
             */
            cost: number;
            /**
             * Cost Today
             * @default 0
             */
            cost_today: number;
            /**
             * @default {
             *       "matched": 0,
             *       "over_budget": 0,
             *       "over_limit": 0,
             *       "own": 0,
             *       "sampled": 0
             *     }
             */
            counts: components["schemas"]["MonitorCounts"];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Created By */
            created_by: string;
            /** Enabled */
            enabled: boolean;
            /**
             * Failed
             * @default 0
             */
            failed: number;
            /**
             * Has Webhook Secret
             * @default false
             */
            has_webhook_secret: boolean;
            /**
             * Hour
             * @default 0
             */
            hour: number;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            /**
             * Open Alarms
             * @default 0
             */
            open_alarms: number;
            /**
             * Open Reviews
             * @default 0
             */
            open_reviews: number;
            /**
             * Pending
             * @default 0
             */
            pending: number;
            /**
             * Scored
             * @default 0
             */
            scored: number;
            settings: components["schemas"]["MonitorSettings"];
            /**
             * Skipped
             * @default 0
             */
            skipped: number;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
        };
        /**
         * MonitorAlarm
         * @description Alarm of a monitor: the score `metric` has dropped below the `reference`.
         *
         *     `mean` is the mean of the newest scores, `n` the number of scores that were tested, `evidence` the e-value, which
         *     raised the alarm at 2 / `alpha`. `delivery` is the state of the webhook.
         */
        MonitorAlarm: {
            /** Alpha */
            alpha: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Delivery
             * @default none
             * @enum {string}
             */
            delivery: "none" | "pending" | "delivered" | "failed";
            /**
             * Delivery Attempts
             * @default 0
             */
            delivery_attempts: number;
            /** Delivery Error */
            delivery_error?: string | null;
            /** Evidence */
            evidence: number;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Mean */
            mean: number;
            /** Message */
            message: string;
            /** Metric */
            metric: string;
            /** Monitor */
            monitor: string;
            /**
             * Monitor Id
             * Format: uuid
             */
            monitor_id: string;
            /** N */
            n: number;
            /** Reference */
            reference: {
                [key: string]: unknown;
            };
            /** Resolved At */
            resolved_at?: string | null;
            /** Resolved By */
            resolved_by?: string | null;
            /** Route */
            route?: string | null;
            /**
             * Status
             * @enum {string}
             */
            status: "open" | "resolved";
        };
        /**
         * MonitorChanged
         * @description Monitor after a change. `webhook_secret` signs its alarms and is returned only once, with a new webhook.
         */
        MonitorChanged: {
            monitor: components["schemas"]["Monitor"];
            /** Webhook Secret */
            webhook_secret?: string | null;
        };
        /**
         * MonitorCounts
         * @description Counts since the monitor was created.
         *
         *     `matched` calls met the filter, `sampled` ones were chosen. `over_limit` ones were chosen beyond `max_per_hour`,
         *     `over_budget` ones after the daily budget was spent. `own` are calls of evaluations, which are never scored.
         */
        MonitorCounts: {
            /**
             * Matched
             * @default 0
             */
            matched: number;
            /**
             * Over Budget
             * @default 0
             */
            over_budget: number;
            /**
             * Over Limit
             * @default 0
             */
            over_limit: number;
            /**
             * Own
             * @default 0
             */
            own: number;
            /**
             * Sampled
             * @default 0
             */
            sampled: number;
        };
        /**
         * MonitorCreate
         * @description Monitor to create: its name and its settings.
         */
        MonitorCreate: {
            /**
             * Daily Budget
             * @default 1000000
             */
            daily_budget: number;
            /**
             * @default {
             *       "alpha": 0.05,
             *       "tolerance": 0.05,
             *       "window": 200
             *     }
             */
            drift: components["schemas"]["DriftRules"] | null;
            /** @default {} */
            filter: components["schemas"]["MonitorFilter"];
            /**
             * Max Per Hour
             * @default 100
             */
            max_per_hour: number;
            /** Name */
            name: string;
            /**
             * Review Below
             * @default 0.5
             */
            review_below: number | null;
            /**
             * Scorers
             * @default []
             */
            scorers: string[];
            /**
             * Share
             * @default 0.1
             */
            share: number;
            /** Suite */
            suite?: string | null;
            /** Webhook */
            webhook?: string | null;
        };
        /**
         * MonitorFilter
         * @description Calls that a monitor samples. All given conditions must hold; without any, all model calls match.
         */
        MonitorFilter: {
            /** Deployment */
            deployment?: string | null;
            /** Key */
            key?: string | null;
            /** Model */
            model?: string | null;
            /** Model Version */
            model_version?: string | null;
            /** Route */
            route?: string | null;
            /** Tag */
            tag?: string | null;
        };
        /**
         * MonitorSample
         * @description Sampled call with its scores in 0..1, where 1 is best. `calls` and `cost` are those of its scorers.
         */
        MonitorSample: {
            /**
             * Attempts
             * @default 0
             */
            attempts: number;
            /**
             * Calls
             * @default 0
             */
            calls: number;
            /** Cost */
            cost?: number | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Details
             * @default {}
             */
            details: {
                [key: string]: string;
            };
            /** Error */
            error?: string | null;
            /** Model */
            model?: string | null;
            /** Model Version */
            model_version?: string | null;
            /** Retry At */
            retry_at?: string | null;
            /** Scored At */
            scored_at?: string | null;
            /**
             * Scores
             * @default {}
             */
            scores: {
                [key: string]: number;
            };
            /**
             * Span Id
             * Format: uuid
             */
            span_id: string;
            /**
             * Span Started At
             * Format: date-time
             */
            span_started_at: string;
            /**
             * Status
             * @enum {string}
             */
            status: "pending" | "scored" | "failed" | "skipped";
        };
        /**
         * MonitorSettings
         * @description Settings of a monitor.
         *
         *     `share` of the matching calls is sampled by the hash of the span id, so that monitors with the same share score the
         *     same calls and a restart scores none twice. At most `max_per_hour` calls are sampled in any 60 minutes. Model calls
         *     of scorers cost at most `daily_budget` (millionths of a US dollar) per day in UTC. `scorers` and those of `suite`
         *     that need no reference are used. An answer with a score below `review_below` is marked for review. `webhook` is the
         *     URL to which alarms are sent.
         */
        MonitorSettings: {
            /**
             * Daily Budget
             * @default 1000000
             */
            daily_budget: number;
            /**
             * @default {
             *       "alpha": 0.05,
             *       "tolerance": 0.05,
             *       "window": 200
             *     }
             */
            drift: components["schemas"]["DriftRules"] | null;
            /** @default {} */
            filter: components["schemas"]["MonitorFilter"];
            /**
             * Max Per Hour
             * @default 100
             */
            max_per_hour: number;
            /**
             * Review Below
             * @default 0.5
             */
            review_below: number | null;
            /**
             * Scorers
             * @default []
             */
            scorers: string[];
            /**
             * Share
             * @default 0.1
             */
            share: number;
            /** Suite */
            suite?: string | null;
            /** Webhook */
            webhook?: string | null;
        };
        /**
         * MonitorUpdate
         * @description Settings of a monitor to change. Omitted fields keep their values; `enabled` pauses or resumes it.
         */
        MonitorUpdate: {
            /**
             * Daily Budget
             * @default 1000000
             */
            daily_budget: number;
            drift?: components["schemas"]["DriftRules"] | null;
            /** Enabled */
            enabled?: boolean | null;
            /** @default {} */
            filter: components["schemas"]["MonitorFilter"];
            /**
             * Max Per Hour
             * @default 100
             */
            max_per_hour: number;
            /** Review Below */
            review_below?: number | null;
            /**
             * Scorers
             * @default []
             */
            scorers: (string | components["schemas"]["ScorerSpec"])[];
            /**
             * Share
             * @default 0.1
             */
            share: number;
            /** Suite */
            suite?: string | null;
            /** Webhook */
            webhook?: string | null;
        };
        /**
         * NewApiKey
         * @description New API key with its secret, which is never shown again.
         */
        NewApiKey: {
            key: components["schemas"]["ApiKey"];
            /** Secret */
            secret: string;
        };
        /**
         * NewUser
         * @description New user. `password` is set only if Vong generated it, and is never shown again.
         */
        NewUser: {
            /** Password */
            password?: string | null;
            user: components["schemas"]["User"];
        };
        /**
         * NextAction
         * @description Recommended next action, and the values that led to it.
         */
        NextAction: {
            /**
             * Action
             * @enum {string}
             */
            action: "import_data" | "train" | "evaluate" | "deploy" | "route" | "send_traffic" | "give_feedback" | "harvest" | "start_canary" | "decide_canary" | "none";
            /**
             * Details
             * @default {}
             */
            details: {
                [key: string]: number | string | null;
            };
        };
        /**
         * OpenBlock
         * @description Calls since the last complete block: number of bad calls and of all calls of each side.
         */
        OpenBlock: {
            /**
             * Candidate Bad
             * @default 0
             */
            candidate_bad: number;
            /**
             * Candidate Calls
             * @default 0
             */
            candidate_calls: number;
            /**
             * Incumbent Bad
             * @default 0
             */
            incumbent_bad: number;
            /**
             * Incumbent Calls
             * @default 0
             */
            incumbent_calls: number;
        };
        /**
         * Operation
         * @description Operation that created a dataset version from its parents: name, settings and number of changes by type.
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
         * OutputLabel
         * @description Stored label of an output of a run.
         */
        OutputLabel: {
            /** Author */
            author: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Levels */
            levels: number;
            /** Position */
            position: number;
            /**
             * Run Id
             * Format: uuid
             */
            run_id: string;
            /** Value */
            value: number;
        };
        /**
         * Overview
         * @description Overview of the loop. `jobs` counts the unfinished jobs by kind; `recent` is newest first.
         */
        Overview: {
            data: components["schemas"]["DataSummary"];
            evals: components["schemas"]["EvalsSummary"];
            feedback: components["schemas"]["FeedbackOverview"];
            gateway: components["schemas"]["GatewaySummary"];
            /** Jobs */
            jobs: {
                [key: string]: number;
            };
            knowledge: components["schemas"]["KnowledgeSummary"];
            loop: components["schemas"]["LoopSummary"];
            next: components["schemas"]["NextAction"];
            /** Recent */
            recent: components["schemas"]["ActivityEvent"][];
            registry: components["schemas"]["RegistrySummary"];
            serving: components["schemas"]["ServingSummary"];
            traces: components["schemas"]["TracesSummary"];
            training: components["schemas"]["TrainingSummary"];
        };
        /**
         * PairwiseComparison
         * @description Result of a pairwise comparison of run `b` with run `a`.
         *
         *     `wins` counts the pairs in which b is better, `win_rate` is wins plus half of the ties as a share of the judged
         *     pairs, with its 95 % Wilson interval. `p` is the two-sided exact p-value of the sign test on wins and losses.
         *     `inconsistent` counts the ties whose verdicts changed with the positions.
         */
        PairwiseComparison: {
            /**
             * A
             * Format: uuid
             */
            a: string;
            /**
             * B
             * Format: uuid
             */
            b: string;
            /** Errors */
            errors: number;
            /** High */
            high?: number | null;
            /** Inconsistent */
            inconsistent: number;
            /** Judge */
            judge: string;
            /** Losses */
            losses: number;
            /** Low */
            low?: number | null;
            /** P */
            p?: number | null;
            /** Pairs */
            pairs: number;
            result: components["schemas"]["EvalResult"];
            /** Ties */
            ties: number;
            /** Win Rate */
            win_rate?: number | null;
            /** Wins */
            wins: number;
        };
        /**
         * PairwiseRequest
         * @description Request to compare run `b` with run `a` by a pairwise judge.
         */
        PairwiseRequest: {
            /**
             * A
             * Format: uuid
             */
            a: string;
            /**
             * B
             * Format: uuid
             */
            b: string;
            /**
             * Concurrency
             * @default 4
             */
            concurrency: number;
            /** Limit */
            limit?: number | null;
        };
        /**
         * PassageFeedback
         * @description Feedback on the answers that used a passage.
         *
         *     `good` and `bad` count answers with a mean score above or below 0.5, `cited_good` and `cited_bad` those of them that
         *     cite the passage. `answers` counts all answers that used the passage.
         */
        PassageFeedback: {
            /** Answers */
            answers: number;
            /** Bad */
            bad: number;
            /**
             * Chunk Id
             * Format: uuid
             */
            chunk_id: string;
            /** Cited Bad */
            cited_bad: number;
            /** Cited Good */
            cited_good: number;
            /**
             * Document Id
             * Format: uuid
             */
            document_id: string;
            /** End */
            end: number;
            /** Good */
            good: number;
            /** Heading */
            heading: string;
            /** Index Version */
            index_version: string;
            /** Path */
            path: string;
            /** Start */
            start: number;
        };
        /**
         * PassagesEvent
         * @description Passages that the model reads, numbered from 1, with warnings about shortened or stripped ones.
         */
        PassagesEvent: {
            /**
             * Event
             * @default passages
             * @constant
             */
            event: "passages";
            /** Passages */
            passages: components["schemas"]["RetrievedPassage"][];
            /**
             * Warnings
             * @default []
             */
            warnings: string[];
        };
        /**
         * PasswordChange
         * @description Current password and new password (10 to 1000 characters).
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
         * @description New password. If left out, Vong generates one.
         */
        PasswordReset: {
            /** Password */
            password?: string | null;
        };
        /**
         * PiiFinding
         * @description One type of PII: number of values, number of rows, row numbers and masked samples.
         *
         *     PII values themselves are never stored.
         */
        PiiFinding: {
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
            samples: components["schemas"]["PiiSample"][];
        };
        /**
         * PiiSample
         * @description Short excerpt of a row that contains PII, with every value masked.
         */
        PiiSample: {
            /** Row */
            row: number;
            /** Text */
            text: string;
        };
        /**
         * PlanAlternative
         * @description Settings that would fit: the changes, a description, and the memory and time of the run with them.
         */
        PlanAlternative: {
            /** Changes */
            changes: {
                [key: string]: unknown;
            };
            /** Cost */
            cost?: number | null;
            /** Description */
            description: string;
            /** Memory Bytes */
            memory_bytes: number;
            /** Seconds */
            seconds: number;
        };
        /**
         * PolicyBudget
         * @description Limits of a run up to the release: `minutes` of time and `cost` of the training in US dollars, as planned.
         */
        PolicyBudget: {
            /** Cost */
            cost?: number | null;
            /**
             * Minutes
             * @default 240
             */
            minutes: number;
        };
        /**
         * PolicyConsent
         * @description Consent to runs without a person: who gave it, with which role, and when.
         */
        PolicyConsent: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** By */
            by: string;
            /**
             * Role
             * @enum {string}
             */
            role: "owner" | "member" | "viewer";
        };
        /**
         * PolicyHarvest
         * @description Feedback that becomes training rows: corrections, and answers with a mean score of at least `min_value`.
         */
        PolicyHarvest: {
            /**
             * Min Value
             * @default 0.8
             */
            min_value: number;
            /** Name */
            name?: string | null;
            /**
             * Pairs
             * @default false
             */
            pairs: boolean;
            /** Source */
            source?: ("human" | "judge" | "program" | "replay") | null;
        };
        /**
         * PolicyRun
         * @description Run of a loop policy, and its report.
         *
         *     `definition` and `version` are those of the policy at the start, `trigger` is what started it. Feedback until
         *     `harvest_until` counts for this run, later feedback for the next. `base` is the version of the base, `model` the
         *     candidate. `minutes` is the time from the last correction to the end. `human_actions` are the actions of people on
         *     this run and its release.
         */
        PolicyRun: {
            /** Base */
            base?: string | null;
            consent: components["schemas"]["PolicyConsent"];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            definition: components["schemas"]["LoopPolicyDefinition"];
            /** Finished At */
            finished_at?: string | null;
            /** Harvest Since */
            harvest_since?: string | null;
            /**
             * Harvest Until
             * Format: date-time
             */
            harvest_until: string;
            /**
             * Human Actions
             * @default 0
             */
            human_actions: number;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Last Correction At */
            last_correction_at?: string | null;
            /** Minutes */
            minutes?: number | null;
            /** Model */
            model?: string | null;
            /** Number */
            number: number;
            /** Policy */
            policy: string;
            /** Reason */
            reason?: string | null;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "running" | "promoted" | "not_promoted" | "failed" | "cancelled";
            /**
             * Steps
             * @default []
             */
            steps: components["schemas"]["PolicyStep"][];
            trigger: components["schemas"]["TriggerState"];
            /** Version */
            version: number;
        };
        /**
         * PolicyStatus
         * @description Loop policy with the state of its triggers, the active run, the newest run, and what delays the next one.
         */
        PolicyStatus: {
            /** Active Run */
            active_run?: string | null;
            /** Last Run */
            last_run?: string | null;
            policy: components["schemas"]["LoopPolicy"];
            /** Triggers */
            triggers: components["schemas"]["TriggerState"][];
            /** Waits Until */
            waits_until?: string | null;
        };
        /**
         * PolicyStep
         * @description Step of a run with its evidence. `job` is the job for which it waits. `reason` says why it passed or stopped.
         */
        PolicyStep: {
            /**
             * Evidence
             * @default {}
             */
            evidence: {
                [key: string]: unknown;
            };
            /** Job */
            job?: string | null;
            /**
             * Links
             * @default []
             */
            links: components["schemas"]["EvidenceLink"][];
            /** Name */
            name: string;
            /**
             * Reason
             * @default
             */
            reason: string;
            /** Seconds */
            seconds?: number | null;
            /**
             * Status
             * @enum {string}
             */
            status: "running" | "passed" | "stopped" | "failed";
        };
        /**
         * PolicyTraining
         * @description Training of a candidate: a version of `model`, from the model ref `base`, by a recipe with its settings.
         */
        PolicyTraining: {
            /**
             * Auto
             * @default false
             */
            auto: boolean;
            /** Base */
            base?: string | null;
            /** Model */
            model: string;
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
            validation_split: string | null;
        };
        /**
         * PreviewRequest
         * @description Chunker and embedding model of a preview. The defaults are those of a new base.
         */
        PreviewRequest: {
            chunker?: components["schemas"]["ChunkerSettings"] | null;
            /** Embedder */
            embedder?: string | null;
        };
        /**
         * PriceUpdate
         * @description Price of a target in US dollars per million tokens.
         *
         *     Omitted token types cost as much as other input or output tokens.
         */
        PriceUpdate: {
            /**
             * Cache Write
             * @description Price of input tokens written to the provider's cache; unset: `input`.
             */
            cache_write?: number | null;
            /**
             * Cache Write 1H
             * @description Price of input tokens cached for one hour; unset: `cache_write`.
             */
            cache_write_1h?: number | null;
            /**
             * Cached
             * @description Price of input tokens read from the provider's cache; unset: `input`.
             */
            cached?: number | null;
            /**
             * Input
             * @description Price of input tokens.
             */
            input: number;
            /**
             * Input Audio
             * @description Price of audio input; unset: `input`.
             */
            input_audio?: number | null;
            /**
             * Input Image
             * @description Price of image input; unset: `input`.
             */
            input_image?: number | null;
            /**
             * Output
             * @description Price of output tokens.
             * @default 0
             */
            output: number;
            /**
             * Output Audio
             * @description Price of audio output; unset: `output`.
             */
            output_audio?: number | null;
            /**
             * Output Image
             * @description Price of image output; unset: `output`.
             */
            output_image?: number | null;
            /**
             * Reasoning
             * @description Price of reasoning tokens; unset: `output`.
             */
            reasoning?: number | null;
            /**
             * Target
             * @description deployment/NAME or PROVIDER/MODEL.
             */
            target: string;
            /**
             * Training
             * @description Price of tokens trained at the provider.
             */
            training?: number | null;
        };
        /**
         * Problem
         * @description Error as a problem document (RFC 9457).
         */
        Problem: {
            /** @description Stable code of the error. */
            code: string;
            /** @description What failed. */
            detail: string;
            /** @enum {string} */
            fault: "caller" | "configuration" | "upstream" | "ours";
            /** @description The next step. */
            hint: string;
            status: number;
            title: string;
            type: string;
        };
        /**
         * ProcessInfo
         * @description Process of Vong: its memory in bytes (shared pages by their share) and used CPU seconds.
         */
        ProcessInfo: {
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
         * @description Settings of a profile.
         *
         *     `labels` are label paths in addition to those detected in the completions. Rows longer than `longest` characters are
         *     reported as too long.
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
         * @description Progress of a job. `rate` is in units per second over the last 30 s, `seconds_left` an estimate from it.
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
         * @description Tenant of the server. Everything except users belongs to exactly one project.
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
         * ProjectCreate
         * @description Project to create.
         */
        ProjectCreate: {
            /** Name */
            name: string;
        };
        /**
         * ProjectGuards
         * @description Guards that apply to every call of a project, before the guards of its route. `version` is their hash.
         */
        ProjectGuards: {
            /** Changed At */
            changed_at?: string | null;
            /**
             * Guards
             * @default []
             */
            guards: components["schemas"]["GuardConfig"][];
            /** Version */
            version: string;
        };
        /**
         * ProjectRef
         * @description Id and name of a project.
         */
        ProjectRef: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
        };
        /**
         * ProjectSwitch
         * @description Project to switch to, by name or id.
         */
        ProjectSwitch: {
            /** Project */
            project: string;
        };
        /**
         * Prompts
         * @description System prompts: a brief one for the tuned model, a full one with all labels for the base model.
         */
        Prompts: {
            /** Tuned */
            tuned: string;
            /** Untuned */
            untuned: string;
        };
        /**
         * ProviderPlan
         * @description Plan of a job at a provider. The provider's own tokenizer decides the billed tokens, so `tokens` is an estimate.
         *
         *     `price_per_million_tokens` (US dollars per million trained tokens) and `cost` are null if no price of training
         *     tokens is set. `epochs` is the setting, or what providers choose for so many rows.
         */
        ProviderPlan: {
            /** Cost */
            cost?: number | null;
            /** Epochs */
            epochs: number;
            /** Method */
            method: string;
            /** Model */
            model: string;
            /**
             * Notes
             * @default []
             */
            notes: string[];
            /** Price Per Million Tokens */
            price_per_million_tokens?: number | null;
            /** Provider */
            provider: string;
            /** Rows */
            rows: number;
            /** Tokens */
            tokens: number;
            /** Validation Rows */
            validation_rows: number;
        };
        /**
         * ProviderState
         * @description A provider. `source` is `settings` (vong.toml, read-only here) or `stored`.
         *
         *     The key itself is never returned: `key_set` is true if there is one, and `key` has the last four characters of a
         *     long one. `reachable`, `models` (the number of models) and `error` are null if the provider was not probed. `listed`
         *     are the models configured for it.
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
         * @description Result of listing a provider's models.
         *
         *     A reachable provider has `latency_ms` and `models` (the first 200), another one the `error`.
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
         * ProviderUpdate
         * @description Desired state of a provider.
         *
         *     `api_key` is write-only: the stored key stays if the field is absent; null or an empty text removes the key.
         *     `models` are listed instead of the models that the API lists.
         */
        ProviderUpdate: {
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
             * @description Timeout of a complete response, and of a stream while it sends no data, in seconds.
             * @default 120
             */
            timeout: number;
        };
        /**
         * QueriesEvent
         * @description Search queries of the question. `question` is independent of earlier turns.
         */
        QueriesEvent: {
            /**
             * Event
             * @default queries
             * @constant
             */
            event: "queries";
            /** Queries */
            queries: string[];
            /** Question */
            question: string;
        };
        /**
         * QuestionChange
         * @description Question whose score differs between two evaluations, with what each did not retrieve.
         */
        QuestionChange: {
            /** A */
            a: number;
            /**
             * A Missing
             * @default []
             */
            a_missing: {
                [key: string]: unknown;
            }[];
            /** B */
            b: number;
            /**
             * B Missing
             * @default []
             */
            b_missing: {
                [key: string]: unknown;
            }[];
            /** Question */
            question: string;
            /**
             * Question Id
             * Format: uuid
             */
            question_id: string;
        };
        /**
         * QuestionContent
         * @description Question with the passages that answer it, or the expected answer, or both.
         *
         *     `answerable` is false for a question that the documents do not answer; such a question has no passages and no
         *     answer.
         */
        QuestionContent: {
            /** Answer */
            answer?: string | null;
            /**
             * Answerable
             * @default true
             */
            answerable: boolean;
            /**
             * Passages
             * @default []
             */
            passages: components["schemas"]["ExpectedPassage"][];
            /** Question */
            question: string;
        };
        /**
         * QuestionResult
         * @description Result of one question.
         *
         *     `missing` lists the expected passages that were not retrieved. `scores` has the metrics of this question, `details`
         *     the reasons of judges. `cost` is that of the answer and of its judges. `error` states why the question failed; such
         *     a question has no scores.
         */
        QuestionResult: {
            /** Answer */
            answer?: string | null;
            /** Cost */
            cost?: number | null;
            /**
             * Details
             * @default {}
             */
            details: {
                [key: string]: unknown;
            };
            /** Error */
            error?: string | null;
            /**
             * Missing
             * @default []
             */
            missing: {
                [key: string]: unknown;
            }[];
            /**
             * Passages
             * @default []
             */
            passages: components["schemas"]["RetrievedEvidence"][];
            /** Position */
            position: number;
            /** Question */
            question: string;
            /**
             * Question Id
             * Format: uuid
             */
            question_id: string;
            /**
             * Scores
             * @default {}
             */
            scores: {
                [key: string]: number;
            };
            /** Span Id */
            span_id?: string | null;
        };
        /**
         * QuestionReview
         * @description Review of a question: its new state, and its new content if a person edited it.
         */
        QuestionReview: {
            content?: components["schemas"]["QuestionContent"] | null;
            /** State */
            state?: ("proposed" | "accepted" | "rejected") | null;
        };
        /**
         * QuestionSet
         * @description Version of the accepted questions of a base. `hash` is the sha256 of their contents, in any order.
         */
        QuestionSet: {
            /** Base */
            base: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Hash */
            hash: string;
            /** Number */
            number: number;
            /** Questions */
            questions: components["schemas"]["QuestionSetItem"][];
        };
        /**
         * QuestionSetItem
         * @description Question of a question set with the id of the question that it was made from.
         */
        QuestionSetItem: {
            /** Answer */
            answer?: string | null;
            /**
             * Answerable
             * @default true
             */
            answerable: boolean;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Passages
             * @default []
             */
            passages: components["schemas"]["ExpectedPassage"][];
            /** Question */
            question: string;
        };
        /**
         * QuestionSetSummary
         * @description Version of a question set without its questions.
         */
        QuestionSetSummary: {
            /** Base */
            base: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Hash */
            hash: string;
            /** Number */
            number: number;
            /** Questions */
            questions: number;
        };
        /**
         * QuestionsCreate
         * @description Questions to add to a base. A question that the base has already gets the new passages and answer.
         */
        QuestionsCreate: {
            /** Questions */
            questions: components["schemas"]["QuestionContent"][];
        };
        /**
         * RagAnswer
         * @description Answer to a question with its citations, checked sentences and passages.
         *
         *     `passages` are numbered from 1 by their position. `answered` is false if no passage matches, the model found no
         *     answer, or the verification rejected it; `rejected_text` is then the text of the model. `unsupported` lists the
         *     sentences that no passage supports. `queries` are the search queries. `warnings` name passages that were shortened,
         *     left out or stripped of instructions. `span_id` is the span of the model call, `answer_id` that of the whole answer.
         */
        RagAnswer: {
            /** Answer Id */
            answer_id?: string | null;
            /** Answered */
            answered: boolean;
            /**
             * Citations
             * @default []
             */
            citations: components["schemas"]["Citation"][];
            /** Conversation */
            conversation?: string | null;
            /** Index Version */
            index_version: string;
            /** Model */
            model?: string | null;
            /**
             * Passages
             * @default []
             */
            passages: components["schemas"]["RetrievedPassage"][];
            /**
             * Queries
             * @default []
             */
            queries: string[];
            /** Question */
            question: string;
            /** Rejected Text */
            rejected_text?: string | null;
            /**
             * Sentences
             * @default []
             */
            sentences: components["schemas"]["SentenceCheck"][];
            /** Span Id */
            span_id?: string | null;
            /** Text */
            text: string;
            /** Trace Id */
            trace_id?: string | null;
            /**
             * Unsupported
             * @default []
             */
            unsupported: string[];
            /**
             * Warnings
             * @default []
             */
            warnings: string[];
        };
        /**
         * RecipeInfo
         * @description Recipe and the JSON schema of its settings: each field with its default and, as description, the reason.
         */
        RecipeInfo: {
            /** Description */
            description: string;
            /** Name */
            name: string;
            /**
             * Needs Base
             * @default true
             */
            needs_base: boolean;
            /** Settings Schema */
            settings_schema: {
                [key: string]: unknown;
            };
        };
        /**
         * RecordedOutput
         * @description Output with the scores that another program gave it.
         */
        RecordedOutput: {
            /**
             * Answer
             * @default
             */
            answer: string;
            /** Cost */
            cost?: number | null;
            /** Error */
            error?: string | null;
            /** Finish Reason */
            finish_reason?: string | null;
            /** Input Tokens */
            input_tokens?: number | null;
            /**
             * Latency Ms
             * @default 0
             */
            latency_ms: number;
            /** Output Tokens */
            output_tokens?: number | null;
            /**
             * Prompt
             * @default
             */
            prompt: string;
            /**
             * Reference
             * @default
             */
            reference: string;
            /**
             * Scores
             * @default {}
             */
            scores: {
                [key: string]: number;
            };
        };
        /**
         * RecordedRun
         * @description Run of another program: `source` is the program, `dataset` the name of its task.
         *
         *     `signatures` says how each metric was computed. `scores` are the program's own totals; a metric without one has the
         *     mean of the outputs.
         */
        RecordedRun: {
            /** Dataset */
            dataset: string;
            /** Model */
            model: string;
            /**
             * Name
             * @default
             */
            name: string;
            /** Outputs */
            outputs: components["schemas"]["RecordedOutput"][];
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
            /** Source */
            source: string;
            /**
             * Split
             * @default test
             */
            split: string;
        };
        /**
         * RegisteredModel
         * @description Named model: its number of versions, its newest version, and its aliases (alias -> ref).
         */
        RegisteredModel: {
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
         * RegistrySummary
         * @description Counts of models and versions, and the models in production and newly trained.
         *
         *     `prod` is the ref of the alias `prod` that moved last of all models. `newest` is the newest version with a training
         *     run; `canary_decided` is true if a canary has decided on that version.
         */
        RegistrySummary: {
            /**
             * Canary Decided
             * @default false
             */
            canary_decided: boolean;
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
             * Versions
             * @default 0
             */
            versions: number;
        };
        /**
         * Release
         * @description Release of a candidate on a route.
         *
         *     `model` is the model version of the candidate at the start. `stage` is the current or the last stage, `step` the
         *     index of its canary step. `blocked` says what a release waits for. A rollback restores `previous_targets` and
         *     `previous_policy`. `canary_versions` are the versions of the route under which answers count. `gates` are the ids of
         *     the gate decisions. `reaction_seconds` is the time from the deciding observation to the changed route. `decided_by`
         *     is `evidence` or the name of a person.
         */
        Release: {
            /** Blocked */
            blocked?: string | null;
            /**
             * Canary Versions
             * @default []
             */
            canary_versions: string[];
            /** Candidate */
            candidate: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Decided By */
            decided_by?: string | null;
            /** Ended At */
            ended_at?: string | null;
            evidence: components["schemas"]["ReleaseEvidence"];
            /**
             * Gates
             * @default []
             */
            gates: string[];
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Model */
            model?: string | null;
            /**
             * Paused
             * @default false
             */
            paused: boolean;
            plan: components["schemas"]["ReleasePlan"];
            previous_policy?: components["schemas"]["RoutePolicy"] | null;
            /** Previous Targets */
            previous_targets: components["schemas"]["RouteTarget"][];
            /** Reaction Seconds */
            reaction_seconds?: number | null;
            /** Reason */
            reason?: string | null;
            /** Route */
            route: string;
            /** Route Version */
            route_version?: string | null;
            /**
             * Stage
             * @enum {string}
             */
            stage: "shadow" | "canary";
            /** Stage Started At */
            stage_started_at?: string | null;
            /** Start At */
            start_at?: string | null;
            /** Started At */
            started_at?: string | null;
            /** Started By */
            started_by: string;
            /**
             * Status
             * @enum {string}
             */
            status: "scheduled" | "running" | "promoted" | "rolled_back" | "kept" | "superseded";
            /**
             * Step
             * @default 0
             */
            step: number;
            /** Step Started At */
            step_started_at?: string | null;
        };
        /**
         * ReleaseAction
         * @description Reason of an action, stored with the evidence. Stopping and promoting by hand need one.
         */
        ReleaseAction: {
            /**
             * Reason
             * @default
             */
            reason: string;
        };
        /**
         * ReleaseCreate
         * @description Release to start: `candidate` (`deployment/NAME` or `PROVIDER/MODEL`) on `route`, now or at `start_at`.
         */
        ReleaseCreate: {
            /** Candidate */
            candidate: string;
            /**
             * @default {
             *       "alpha": 0.05,
             *       "goal": "better",
             *       "guard_alpha": 0.05,
             *       "guard_rails": [
             *         {
             *           "margin": 0.05,
             *           "metric": "errors"
             *         },
             *         {
             *           "margin": 0.15,
             *           "metric": "latency"
             *         }
             *       ],
             *       "manual": false,
             *       "margin": 0,
             *       "max_hours": 168,
             *       "max_pairs": 500,
             *       "metric": "quality",
             *       "min_pairs": 10,
             *       "score_share": 1,
             *       "scorers": [],
             *       "shadow_pairs": 0,
             *       "shadow_share": 1,
             *       "sources": [
             *         "human",
             *         "judge",
             *         "program",
             *         "replay"
             *       ],
             *       "step_pairs": 5,
             *       "step_seconds": 0,
             *       "steps": [
             *         0.05,
             *         0.25,
             *         0.5
             *       ]
             *     }
             */
            plan: components["schemas"]["ReleasePlan"];
            /** Route */
            route: string;
            /** Start At */
            start_at?: string | null;
        };
        /**
         * ReleaseEvent
         * @description Entry of the log of a release. `data` has the evidence behind a decision.
         */
        ReleaseEvent: {
            /** Actor */
            actor: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Data
             * @default {}
             */
            data: {
                [key: string]: unknown;
            };
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Kind */
            kind: string;
            /** Message */
            message: string;
        };
        /**
         * ReleaseEvidence
         * @description Evidence of a release: quality in the canary and in the shadow stage, and the guard rails of both.
         *
         *     `shadow_cost` is what the copies have cost, in millionths of a US dollar. `step_pairs` are the pairs at the current
         *     step. `sources` counts the scores by source.
         */
        ReleaseEvidence: {
            /**
             * Guard Rails
             * @default []
             */
            guard_rails: components["schemas"]["GuardRailState"][];
            quality: components["schemas"]["Evidence"];
            /**
             * Quality History
             * @default []
             */
            quality_history: components["schemas"]["EvidenceHistoryPoint"][];
            shadow: components["schemas"]["Evidence"];
            /**
             * Shadow Cost
             * @default 0
             */
            shadow_cost: number;
            /**
             * Shadow History
             * @default []
             */
            shadow_history: components["schemas"]["EvidenceHistoryPoint"][];
            /**
             * Sources
             * @default {}
             */
            sources: {
                [key: string]: number;
            };
            /**
             * Step Pairs
             * @default 0
             */
            step_pairs: number;
        };
        /**
         * ReleasePlan
         * @description Plan of a release.
         *
         *     Shadow: `shadow_pairs` pairs of responses are compared before users see the candidate (0 skips the stage), a copy of
         *     the share `shadow_share` of all calls is sent, and at most `shadow_budget` millionths of a US dollar are spent.
         *     Canary: `steps` are the shares of the traffic, each for at least `step_pairs` pairs and `step_seconds`.
         *
         *     Quality: scores named `metric` from the `sources` count. `scorers` and those of `suite` that need no reference score
         *     the responses of the shadow stage, and the share `score_share` of the canary's responses. `alpha`, `margin`, `goal`,
         *     `min_pairs` and `max_pairs` are the decision rules, as of a canary. `guard_rails` together have the error
         *     `guard_alpha`.
         *
         *     With `manual`, people start the canary, each step and the promotion; a rollback stays automatic. A release without a
         *     decision after `max_hours` ends, and the incumbent stays.
         */
        ReleasePlan: {
            /**
             * Alpha
             * @default 0.05
             */
            alpha: number;
            /**
             * Goal
             * @default better
             * @enum {string}
             */
            goal: "better" | "non_inferior";
            /**
             * Guard Alpha
             * @default 0.05
             */
            guard_alpha: number;
            /**
             * Guard Rails
             * @default [
             *       {
             *         "margin": 0.05,
             *         "metric": "errors"
             *       },
             *       {
             *         "margin": 0.15,
             *         "metric": "latency"
             *       }
             *     ]
             */
            guard_rails: components["schemas"]["GuardRail"][];
            /**
             * Manual
             * @default false
             */
            manual: boolean;
            /**
             * Margin
             * @default 0
             */
            margin: number;
            /**
             * Max Hours
             * @default 168
             */
            max_hours: number;
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
            /**
             * Score Share
             * @default 1
             */
            score_share: number;
            /**
             * Scorers
             * @default []
             */
            scorers: string[];
            /** Shadow Budget */
            shadow_budget?: number | null;
            /**
             * Shadow Pairs
             * @default 0
             */
            shadow_pairs: number;
            /**
             * Shadow Share
             * @default 1
             */
            shadow_share: number;
            /**
             * Sources
             * @default [
             *       "human",
             *       "judge",
             *       "program",
             *       "replay"
             *     ]
             */
            sources: ("human" | "judge" | "program" | "replay")[];
            /**
             * Step Pairs
             * @default 5
             */
            step_pairs: number;
            /**
             * Step Seconds
             * @default 0
             */
            step_seconds: number;
            /**
             * Steps
             * @default [
             *       0.05,
             *       0.25,
             *       0.5
             *     ]
             */
            steps: number[];
            /** Suite */
            suite?: string | null;
        };
        /**
         * Replica
         * @description Engine process of a deployment. `number` is unique among the replicas of its `engine_key`.
         *
         *     A `pending` replica has no process yet; its `machine` is None until one has room for it. A `draining` replica takes
         *     no new calls and ends after its last one. `memory` is its resident size, `planned` the memory reserved for it, in
         *     bytes. `active` and `waiting` are the calls that it computes and queues.
         */
        Replica: {
            /**
             * Active
             * @default 0
             */
            active: number;
            /** Answered At */
            answered_at?: string | null;
            /** Engine Key */
            engine_key: string;
            /** Launched At */
            launched_at?: string | null;
            /** Machine */
            machine?: string | null;
            /** Memory */
            memory?: number | null;
            /**
             * Models
             * @default []
             */
            models: string[];
            /** Number */
            number: number;
            /** Pid */
            pid?: number | null;
            /**
             * Planned
             * @default 0
             */
            planned: number;
            /** Reason */
            reason?: string | null;
            /**
             * Restarts
             * @default 0
             */
            restarts: number;
            /**
             * State
             * @enum {string}
             */
            state: "pending" | "starting" | "ready" | "draining" | "failed";
            /** Time To First Token Ms */
            time_to_first_token_ms?: number | null;
            /** Url */
            url?: string | null;
            /**
             * Waiting
             * @default 0
             */
            waiting: number;
        };
        /**
         * RequestDefaults
         * @description Fields of requests to a deployment that apply if a caller does not set them. `system` is a system message.
         */
        RequestDefaults: {
            /** Frequency Penalty */
            frequency_penalty?: number | null;
            /** Max Tokens */
            max_tokens?: number | null;
            /** Min P */
            min_p?: number | null;
            /** Presence Penalty */
            presence_penalty?: number | null;
            /** Repetition Penalty */
            repetition_penalty?: number | null;
            /** Seed */
            seed?: number | null;
            /** Stop */
            stop?: string[] | null;
            /** System */
            system?: string | null;
            /** Temperature */
            temperature?: number | null;
            /** Top K */
            top_k?: number | null;
            /** Top P */
            top_p?: number | null;
        };
        /**
         * RetrievalMetric
         * @description Metric over `n` questions with its 95 % interval by the bootstrap over questions.
         */
        RetrievalMetric: {
            /** High */
            high: number;
            /** Low */
            low: number;
            /** N */
            n: number;
            /** Value */
            value: number;
        };
        /**
         * RetrievalSettings
         * @description Settings of a retrieval.
         *
         *     `mode` names the searches and `fusion` how their results are combined: by standardized scores or by reciprocal
         *     ranks. `candidates` is the number of chunks that each search returns before fusion. `diversity` in 0..1 prefers
         *     passages unlike those before (maximal marginal relevance). `rerank` names a model that reorders the first
         *     `rerank_candidates` passages. `neighbours` is the number of chunks before and after a passage in its context, and
         *     `parents` returns the parent as context. `document_ids` restricts the search to documents.
         */
        RetrievalSettings: {
            /**
             * Candidates
             * @default 50
             */
            candidates: number;
            /**
             * Diversity
             * @default 0
             */
            diversity: number;
            /** Document Ids */
            document_ids?: string[] | null;
            /**
             * Fusion
             * @default scores
             * @enum {string}
             */
            fusion: "scores" | "ranks";
            /**
             * Mode
             * @default hybrid
             * @enum {string}
             */
            mode: "hybrid" | "vector" | "text";
            /**
             * Neighbours
             * @default 0
             */
            neighbours: number;
            /**
             * Parents
             * @default true
             */
            parents: boolean;
            /** Rerank */
            rerank?: string | null;
            /**
             * Rerank Candidates
             * @default 20
             */
            rerank_candidates: number;
        };
        /**
         * RetrievedEvidence
         * @description Retrieved passage of a question: its place, its score, and if it contains an expected passage.
         */
        RetrievedEvidence: {
            /** End */
            end: number;
            /**
             * Heading
             * @default
             */
            heading: string;
            /** Path */
            path: string;
            /** Relevant */
            relevant?: boolean | null;
            /** Score */
            score: number;
            /** Start */
            start: number;
            /** Text */
            text: string;
        };
        /**
         * RetrievedPassage
         * @description Chunk that retrieval returned for a query.
         *
         *     `score` is the score by which passages are ordered, best first; `fusion_score` and `rerank_score` are those of the
         *     two last steps. `similarity` is the cosine similarity of the embeddings of chunk and query, in -1..1, and
         *     `text_score` the BM25 score; `vector_rank` and `text_rank` are the ranks in the two searches, from 1. `context` is
         *     the text of the parent or of the neighbours with the chunk, or empty.
         */
        RetrievedPassage: {
            chunk: components["schemas"]["Chunk"];
            /**
             * Context
             * @default
             */
            context: string;
            /** Fusion Score */
            fusion_score?: number | null;
            /** Path */
            path: string;
            /** Rerank Score */
            rerank_score?: number | null;
            /** Score */
            score: number;
            /** Similarity */
            similarity: number;
            /** Text Rank */
            text_rank?: number | null;
            /** Text Score */
            text_score?: number | null;
            /** Title */
            title: string;
            /** Vector Rank */
            vector_rank?: number | null;
        };
        /**
         * RetryRequest
         * @description Failed document to load again, by its path; all failed documents of the base without one.
         */
        RetryRequest: {
            /** Path */
            path?: string | null;
        };
        /**
         * ReviewAssignment
         * @description Person to whom an item is assigned, or null for nobody.
         */
        ReviewAssignment: {
            /** Assignee */
            assignee?: string | null;
        };
        /**
         * ReviewCompletion
         * @description Resolution of a review item.
         *
         *     `corrected` needs the `correction`, the completion that would have been right, which a harvest turns into an
         *     example. `accepted` adds a score of 1 by the person, `dismissed` adds nothing.
         */
        ReviewCompletion: {
            /** Comment */
            comment?: string | null;
            /** Correction */
            correction?: string | null;
            /**
             * Resolution
             * @enum {string}
             */
            resolution: "corrected" | "accepted" | "dismissed";
        };
        /**
         * ReviewItem
         * @description Answer to review: the score `metric` has the `value`, which is below `bound`.
         *
         *     `assignee` is the person who has taken it. `score_id` is the score that the resolution created.
         */
        ReviewItem: {
            /** Assignee */
            assignee?: string | null;
            /** Bound */
            bound: number;
            /** Comment */
            comment?: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Done At */
            done_at?: string | null;
            /** Done By */
            done_by?: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Metric */
            metric: string;
            /** Model */
            model?: string | null;
            /** Monitor */
            monitor: string;
            /**
             * Monitor Id
             * Format: uuid
             */
            monitor_id: string;
            /** Reason */
            reason: string;
            /** Resolution */
            resolution?: ("corrected" | "accepted" | "dismissed") | null;
            /** Route */
            route?: string | null;
            /** Score Id */
            score_id?: string | null;
            /**
             * Span Id
             * Format: uuid
             */
            span_id: string;
            /**
             * Status
             * @default open
             * @enum {string}
             */
            status: "open" | "done";
            /** Value */
            value: number;
        };
        /**
         * Route
         * @description Route, which callers name in the `model` field of a request.
         *
         *     `version` is a hash of the targets and, if present, of the policy and the tree. Without both a call has one attempt.
         *     A tree defines the order of the targets; `targets` then lists them with the weight 1.
         */
        Route: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Name */
            name: string;
            policy?: components["schemas"]["RoutePolicy"] | null;
            /** Targets */
            targets: components["schemas"]["RouteTarget"][];
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
         * @description Node of a routing tree: a target (`model`), or a group of `nodes`.
         *
         *     `pick` is the strategy that orders the nodes of a group: the first is tried first, the others are fallbacks. A node
         *     is skipped unless all conditions in `when` hold. `sticky` makes the same weighted choice for the same user or
         *     session, as long as the chosen target is available.
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
         * RoutePolicy
         * @description Policy of a route: retries, fallbacks, timeouts, cache, shadow traffic, guards and capture.
         *
         *     If a target fails before its first token, it is retried `retries` times (1 recovers from a connection reset), then
         *     the `fallbacks` are tried in order. `cap` limits the concurrent calls per target. With `continue_streams` the next
         *     target continues a stream that breaks after its first token. `cache` configures the response cache, `shadow` the
         *     shadow target. `guards` run after the guards of the project. `capture` selects the calls whose bodies are stored: in
         *     spans, in the cache and in shadow results.
         */
        RoutePolicy: {
            /**
             * @default {
             *       "failures": 5,
             *       "open_seconds": 15,
             *       "window": 30
             *     }
             */
            breaker: components["schemas"]["CircuitBreakerPolicy"];
            cache?: components["schemas"]["CachePolicy"] | null;
            cap?: components["schemas"]["ConcurrencyCap"] | null;
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
            guards: components["schemas"]["GuardConfig"][];
            /**
             * Retries
             * @default 1
             */
            retries: number;
            shadow?: components["schemas"]["ShadowPolicy"] | null;
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
         * RouteTarget
         * @description Model that a route may call.
         *
         *     `model` is written as in a request: `deployment/NAME` for a local deployment, `PROVIDER/MODEL` for a provider
         *     (`openai/gpt-4o-mini`, `echo/echo`). `weight` is relative to the weights of the other targets.
         */
        RouteTarget: {
            /** Model */
            model: string;
            /**
             * Weight
             * @default 1
             */
            weight: number;
        };
        /**
         * RouteUpdate
         * @description Route to create or change: `targets`, or a `tree` instead.
         *
         *     If `policy` is left out, the current one is kept; null removes it. `reason` overrides a gate that rejects a new
         *     target, if its policy allows the role of the caller.
         */
        RouteUpdate: {
            policy?: components["schemas"]["RoutePolicy"] | null;
            /** Reason */
            reason?: string | null;
            /**
             * Targets
             * @default []
             */
            targets: components["schemas"]["RouteTarget"][];
            tree?: components["schemas"]["RouteNode"] | null;
        };
        /**
         * RouteVersion
         * @description Version of a route from `changed_at` on. Without targets if the route was deleted.
         *
         *     `cause` names the release and the gate decisions that caused the version, and who changed the route.
         */
        RouteVersion: {
            /** Cause */
            cause?: {
                [key: string]: unknown;
            } | null;
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
            policy?: components["schemas"]["RoutePolicy"] | null;
            /** Targets */
            targets: components["schemas"]["RouteTarget"][];
            tree?: components["schemas"]["RouteNode"] | null;
            /** Version */
            version: string;
        };
        /**
         * RowCount
         * @description Number of rows.
         */
        RowCount: {
            /** Rows */
            rows: number;
        };
        /**
         * RowDiff
         * @description One differing row: its number in each version (`row_a`, `row_b`) and its content (`before`, `after`).
         */
        RowDiff: {
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
         * RowEdit
         * @description Edit of one row: the new row, or null to remove it.
         */
        RowEdit: {
            example?: components["schemas"]["Example"] | null;
            /** Number */
            number: number;
        };
        /**
         * RunComparison
         * @description Runs compared with each other. Lists are in the order of `runs`.
         *
         *     `settings` contains only settings that differ. `best` holds the best value of each metric and `last` its last value
         *     (null if a run lacks the metric). `winner` is the index of the best run per metric, without metrics that are equal
         *     in all runs or have no better values. `curves` are the downsampled curves of each run.
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
            runs: components["schemas"]["TrainingRun"][];
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
         * RunCreate
         * @description Run of an external trainer.
         */
        RunCreate: {
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
         * RunFinish
         * @description Final state of a run.
         */
        RunFinish: {
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
         * RunSamples
         * @description Samples of one step of a run. `steps` are all steps that have samples, in ascending order.
         */
        RunSamples: {
            /**
             * Samples
             * @default []
             */
            samples: components["schemas"]["TrainingSample"][];
            /** Step */
            step?: number | null;
            /**
             * Steps
             * @default []
             */
            steps: number[];
        };
        /**
         * Score
         * @description Score of a span or an example by a person, a judge or a program.
         *
         *     `value` is in 0..1 (1 is best). `correction` is the completion that would have been right. `source` is the type of
         *     the author.
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
         * ScoreCreate
         * @description Request to add a score to a span.
         *
         *     At least one of `value` (0..1, 1 is best), `comment` and `correction` (the completion that the span should have had)
         *     is required. A repeated `id` refers to the existing score.
         */
        ScoreCreate: {
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
         * ScoreItem
         * @description Output to score, with what its scorers need. `message` holds tool calls, `expected` those that are right.
         */
        ScoreItem: {
            /** Cost */
            cost?: number | null;
            expected?: components["schemas"]["Message"] | null;
            /** Finish Reason */
            finish_reason?: string | null;
            /**
             * Id
             * @default
             */
            id: string;
            /** Input Tokens */
            input_tokens?: number | null;
            /** Latency Ms */
            latency_ms?: number | null;
            message?: components["schemas"]["Message"] | null;
            /**
             * Messages
             * @default []
             */
            messages: components["schemas"]["Message"][];
            /**
             * Metadata
             * @default {}
             */
            metadata: {
                [key: string]: unknown;
            };
            /**
             * Output
             * @default
             */
            output: string;
            /** Output Tokens */
            output_tokens?: number | null;
            /**
             * References
             * @default []
             */
            references: string[];
            /**
             * Samples
             * @default []
             */
            samples: string[];
            /** Tools */
            tools?: {
                [key: string]: unknown;
            }[] | null;
        };
        /**
         * ScorePoint
         * @description Mean scores of one hour or day by metric, with the number of scored answers and the cost.
         */
        ScorePoint: {
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Cost */
            cost: number;
            /** Means */
            means: {
                [key: string]: number;
            };
            /** N */
            n: number;
        };
        /**
         * ScoreReport
         * @description Scores of outputs: the totals over all of them, how each was computed, and those of each output.
         */
        ScoreReport: {
            /** N */
            n: number;
            /** Results */
            results: components["schemas"]["ScoredText"][];
            /** Scores */
            scores: {
                [key: string]: number;
            };
            /** Signatures */
            signatures: {
                [key: string]: string;
            };
        };
        /**
         * ScoreRequest
         * @description Outputs to score: exactly one of `inputs`, `dataset`, `run`, `span` and `session`.
         *
         *     `dataset` with `split` scores rows whose outputs exist: in the metadata field `output_field`, with the completion as
         *     reference; without this field the completion is the output. `references_field` is a metadata field with one or more
         *     references. `run` scores the stored outputs of an evaluation again. `span` scores a recorded call or step, `session`
         *     all calls of a conversation. Their references are `references`, or else the corrections of people. `model` only
         *     selects the calls of one model.
         */
        ScoreRequest: {
            /** Dataset */
            dataset?: string | null;
            /**
             * Inputs
             * @default []
             */
            inputs: components["schemas"]["ScoreItem"][];
            /**
             * Output Field
             * @default
             */
            output_field: string;
            /**
             * References
             * @default []
             */
            references: string[];
            /**
             * References Field
             * @default
             */
            references_field: string;
            /** Run */
            run?: string | null;
            /**
             * Scorers
             * @default [
             *       "exact_match"
             *     ]
             */
            scorers: (string | components["schemas"]["ScorerSpec"])[];
            /** Session */
            session?: string | null;
            /** Span */
            span?: string | null;
            /**
             * Split
             * @default test
             */
            split: string;
        };
        /**
         * ScoreSummary
         * @description Summary of the scores of one group. `n` counts the scores that have a value.
         *
         *     `low` and `high` bound the mean at 95 %: by `wilson` if all values are 0 or 1, else by `normal`; null below two
         *     values. The bounds are valid at one moment that was fixed beforehand, not as a stopping rule.
         */
        ScoreSummary: {
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
         * ScoredOutput
         * @description One model output of a run with its scores.
         *
         *     `position` is that of the example in the split, `example` its hash. `scores` holds the metrics of this output
         *     alone, `statistics` its contribution to the totals, `details` explanations of scorers. `answer` is the text with
         *     tool calls written as JSON, `message` the whole message of the model with tool calls and reasoning, `samples` the
         *     texts of all outputs if several were requested. The `finish_reason` `length` means that the output was truncated. A
         *     failed request counts as an empty output with the reason in `error`.
         */
        ScoredOutput: {
            /** Answer */
            answer: string;
            /** Cost */
            cost?: number | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Details
             * @default {}
             */
            details: {
                [key: string]: string;
            };
            /** Error */
            error?: string | null;
            /** Example */
            example: string;
            /** Finish Reason */
            finish_reason?: string | null;
            /** Input Tokens */
            input_tokens?: number | null;
            /** Latency Ms */
            latency_ms: number;
            /** Message */
            message?: {
                [key: string]: unknown;
            } | null;
            /** Output Tokens */
            output_tokens?: number | null;
            /** Position */
            position: number;
            /** Prompt */
            prompt: string;
            /** Reference */
            reference: string;
            /** Samples */
            samples?: string[] | null;
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
            /**
             * Warnings
             * @default []
             */
            warnings: string[];
        };
        /**
         * ScoredText
         * @description Scores of one output. `details` explains them, `warnings` says what scorers cannot score well.
         */
        ScoredText: {
            /**
             * Details
             * @default {}
             */
            details: {
                [key: string]: string;
            };
            /** Id */
            id: string;
            /** Scores */
            scores: {
                [key: string]: number;
            };
            /**
             * Warnings
             * @default []
             */
            warnings: string[];
        };
        /**
         * ScorerInfo
         * @description An installed scorer: its description and its options with their defaults.
         *
         *     `group` is the kind of scorer (text, json, tools, ...). `required` lists options without a default, `uses_models` is
         *     true if the scorer calls a model. `unavailable` is the reason why this server cannot use it.
         */
        ScorerInfo: {
            /** About */
            about: string;
            /**
             * Group
             * @default other
             */
            group: string;
            /**
             * Higher Is Better
             * @default true
             */
            higher_is_better: boolean | null;
            /** Name */
            name: string;
            /** Options */
            options: {
                [key: string]: unknown;
            };
            /**
             * Required
             * @default []
             */
            required: string[];
            /** Signature */
            signature: string;
            /**
             * Unavailable
             * @default
             */
            unavailable: string;
            /**
             * Uses Models
             * @default false
             */
            uses_models: boolean;
            /**
             * Uses Reference
             * @default true
             */
            uses_reference: boolean;
        };
        /**
         * ScorerSpec
         * @description Scorer with its options as an object, for values that the short form cannot contain.
         *
         *     `label` replaces the scorer's name in the names of its metrics, so that one run can have a scorer twice.
         */
        ScorerSpec: {
            /**
             * Label
             * @default
             */
            label: string;
            /** Name */
            name: string;
            /**
             * Options
             * @default {}
             */
            options: {
                [key: string]: unknown;
            };
        };
        /**
         * SearchRequest
         * @description Question to a base. `index` is the number of an index, and `filters` has the form of OpenAI's filters.
         */
        SearchRequest: {
            /** Filters */
            filters?: {
                [key: string]: unknown;
            } | null;
            /** Index */
            index?: number | null;
            /**
             * Limit
             * @default 5
             */
            limit: number;
            /** Question */
            question: string;
            /**
             * @default {
             *       "candidates": 50,
             *       "diversity": 0,
             *       "fusion": "scores",
             *       "mode": "hybrid",
             *       "neighbours": 0,
             *       "parents": true,
             *       "rerank_candidates": 20
             *     }
             */
            settings: components["schemas"]["RetrievalSettings"];
        };
        /**
         * SelfTestReport
         * @description Result of the masking self-test: a fake card number is sent on every path through the gateway.
         *
         *     `leaks` lists the paths on which the number was not masked.
         */
        SelfTestReport: {
            /** Cases */
            cases: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Leaks */
            leaks: string[];
            /** Ms */
            ms: number;
            /** Passed */
            passed: boolean;
        };
        /**
         * SentenceCheck
         * @description Verification of one sentence of an answer.
         *
         *     `status` is `unverified` for a sentence without checkable words. `coverage` is the share of its words in the
         *     supporting part of passage `number`. `reasons` lists what the passage does not contain or contradicts.
         */
        SentenceCheck: {
            /**
             * Coverage
             * @default 0
             */
            coverage: number;
            /** End */
            end: number;
            /** Judge */
            judge?: number | null;
            /** Number */
            number?: number | null;
            /**
             * Reasons
             * @default []
             */
            reasons: string[];
            /**
             * Similarity
             * @default 0
             */
            similarity: number;
            /** Start */
            start: number;
            /**
             * Status
             * @enum {string}
             */
            status: "supported" | "unsupported" | "contradicted" | "unverified";
            /** Text */
            text: string;
        };
        /**
         * ServingMachine
         * @description Machine whose worker runs engines. `state` is `lost` if its heartbeat is overdue.
         *
         *     `memory` and `available` are the bytes in all and free now. `reserved` is the part of the free memory that starting
         *     replicas will use, `evictable` the memory of idle replicas that may be put to sleep.
         */
        ServingMachine: {
            /** Address */
            address: string;
            /** Application */
            application?: string | null;
            /** Available */
            available: number;
            /** Cores */
            cores: number;
            /**
             * Evictable
             * @default 0
             */
            evictable: number;
            /**
             * Gpus
             * @default []
             */
            gpus: {
                [key: string]: unknown;
            }[];
            /** Memory */
            memory: number;
            /** Name */
            name: string;
            /**
             * Replicas
             * @default 0
             */
            replicas: number;
            /**
             * Reserved
             * @default 0
             */
            reserved: number;
            /**
             * Seen At
             * Format: date-time
             */
            seen_at: string;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /**
             * State
             * @enum {string}
             */
            state: "ready" | "lost";
        };
        /**
         * ServingSummary
         * @description Counts of deployments: `ready` to answer, and `total` that should run.
         */
        ServingSummary: {
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
         * SessionView
         * @description Session of a signed-in user: the current project and the projects to which the user may switch.
         */
        SessionView: {
            project: components["schemas"]["ProjectRef"];
            /** Projects */
            projects: components["schemas"]["ProjectRef"][];
            user: components["schemas"]["SignedInUser"];
        };
        /**
         * SettingChoice
         * @description Setting that the planner chose, its value, and the reason.
         */
        SettingChoice: {
            /** Reason */
            reason: string;
            /** Setting */
            setting: string;
            /** Value */
            value: unknown;
        };
        /**
         * ShadowPair
         * @description Two responses to one request. A span is null if it is not stored, no longer or not yet.
         */
        ShadowPair: {
            original: components["schemas"]["SpanSummary"] | null;
            result: components["schemas"]["ShadowResult"];
            shadow: components["schemas"]["SpanSummary"] | null;
        };
        /**
         * ShadowPolicy
         * @description Shadow target that receives a copy of the `share` of a route's calls.
         *
         *     Its responses are stored beside the original responses and never returned. No budget of the caller is charged.
         */
        ShadowPolicy: {
            /** Model */
            model: string;
            /**
             * Share
             * @default 1
             */
            share: number;
        };
        /**
         * ShadowResult
         * @description Comparison of a returned response (`original_span_id`) with a shadow or verification response (`span_id`).
         *
         *     `agreement` is 1 for equal text or JSON, otherwise the cosine similarity of the embeddings; null if the second call
         *     returned no response.
         */
        ShadowResult: {
            /** Agreement */
            agreement: number | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Kind
             * @enum {string}
             */
            kind: "shadow" | "cache";
            /**
             * Original Span Id
             * Format: uuid
             */
            original_span_id: string;
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
         * ShadowTargetStats
         * @description Statistics of the newest response pairs of a route and a target.
         *
         *     `pairs` counts the pairs, `failed` those without a second response. `agreement` is the mean agreement with its
         *     interval from `agreement_low` to `agreement_high` (95 %, normal), `same` the share of equal responses. `original_ms`
         *     and `shadow_ms` are median latencies, `original_cost` and `shadow_cost` costs in millionths of a US dollar, over the
         *     pairs whose two spans exist. Null if unknown.
         */
        ShadowTargetStats: {
            /** Agreement */
            agreement?: number | null;
            /** Agreement High */
            agreement_high?: number | null;
            /** Agreement Low */
            agreement_low?: number | null;
            /** Failed */
            failed: number;
            /**
             * Kind
             * @enum {string}
             */
            kind: "shadow" | "cache";
            /** Original Cost */
            original_cost?: number | null;
            /** Original Ms */
            original_ms?: number | null;
            /** Pairs */
            pairs: number;
            /** Route */
            route: string;
            /** Same */
            same?: number | null;
            /** Shadow Cost */
            shadow_cost?: number | null;
            /** Shadow Ms */
            shadow_ms?: number | null;
            /** Target */
            target: string;
        };
        /**
         * SignIn
         * @description Credentials of a user.
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
         * SignedInUser
         * @description Signed-in user.
         */
        SignedInUser: {
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
         * SkippedRow
         * @description Skipped row and the reason.
         */
        SkippedRow: {
            /** Reason */
            reason: string;
            /** Row */
            row: string;
        };
        /**
         * SliceComparison
         * @description Means of one metric in one slice of the shared examples. `adjusted_p` has Holm's correction over all slices.
         */
        SliceComparison: {
            /** A */
            a: number;
            /** Adjusted P */
            adjusted_p: number;
            /** B */
            b: number;
            /** Difference */
            difference: number;
            /** Is Worse */
            is_worse: boolean;
            /** Losses */
            losses: number;
            /** Metric */
            metric: string;
            /** N */
            n: number;
            /** P */
            p: number;
            /** Slice */
            slice: string;
            /**
             * Test
             * @enum {string}
             */
            test: "mcnemar" | "permutation" | "bootstrap";
            /** Wins */
            wins: number;
        };
        /**
         * SourceCreate
         * @description Source to create. `settings` are those of its kind.
         *
         *     `secret` is a Notion token, `ACCESS_KEY:SECRET_KEY` of a bucket, or the `Authorization` header of web pages.
         *     `every_hours` repeats the sync.
         */
        SourceCreate: {
            /** Every Hours */
            every_hours?: number | null;
            /**
             * Kind
             * @enum {string}
             */
            kind: "page" | "sitemap" | "crawl" | "notion" | "notion_export" | "folder" | "bucket";
            /** Name */
            name: string;
            /** Secret */
            secret?: string | null;
            /**
             * Settings
             * @default {}
             */
            settings: {
                [key: string]: unknown;
            };
        };
        /**
         * SourceDeleted
         * @description Result of deleting a source: how many documents were deleted with it.
         */
        SourceDeleted: {
            /** Documents */
            documents: number;
        };
        /**
         * SourceItem
         * @description Page or file of a source, with what the newest sync did with it.
         *
         *     `key` is its address, id or path in the source, `path` that of its document. `reason` and `hint` explain an item
         *     that failed or was skipped. An item that failed keeps its earlier document.
         */
        SourceItem: {
            /** Changed At */
            changed_at?: string | null;
            /** Checked At */
            checked_at?: string | null;
            /** Hint */
            hint?: string | null;
            /** Key */
            key: string;
            /**
             * Language
             * @default
             */
            language: string;
            /** Outcome */
            outcome?: ("added" | "changed" | "unchanged" | "deleted" | "failed" | "skipped") | null;
            /** Path */
            path?: string | null;
            /** Reason */
            reason?: string | null;
            /**
             * Title
             * @default
             */
            title: string;
            /** Url */
            url?: string | null;
        };
        /**
         * SourceSync
         * @description Synchronization of a source with its base.
         *
         *     `state` is `stopped` if the sync would have deleted more than half of the documents; nothing was deleted then.
         *     `incomplete` states why pages may be missing, so that no document was deleted. `skipped` counts pages that a rule
         *     excludes, for example robots.txt, and duplicates.
         */
        SourceSync: {
            /**
             * Added
             * @default 0
             */
            added: number;
            /**
             * Changed
             * @default 0
             */
            changed: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Deleted
             * @default 0
             */
            deleted: number;
            /**
             * Failed
             * @default 0
             */
            failed: number;
            /** Finished At */
            finished_at?: string | null;
            /** Force */
            force: boolean;
            /** Hint */
            hint?: string | null;
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Incomplete */
            incomplete?: string | null;
            /**
             * Job Id
             * Format: uuid
             */
            job_id: string;
            /** Reason */
            reason?: string | null;
            /**
             * Skipped
             * @default 0
             */
            skipped: number;
            /**
             * Source Id
             * Format: uuid
             */
            source_id: string;
            /** Started At */
            started_at?: string | null;
            /**
             * State
             * @enum {string}
             */
            state: "queued" | "running" | "finished" | "stopped" | "failed" | "cancelled";
            /**
             * Total
             * @default 0
             */
            total: number;
            /**
             * Unchanged
             * @default 0
             */
            unchanged: number;
        };
        /**
         * SourceUpdate
         * @description Fields of a source to change. Omitted fields, and omitted settings, keep their values.
         *
         *     `secret` null removes the secret, `every_hours` null the schedule. `paused` stops the scheduled syncs.
         */
        SourceUpdate: {
            /** Every Hours */
            every_hours?: number | null;
            /**
             * Paused
             * @default false
             */
            paused: boolean;
            /** Secret */
            secret?: string | null;
            /**
             * Settings
             * @default {}
             */
            settings: {
                [key: string]: unknown;
            };
        };
        /**
         * Span
         * @description Recorded operation with a duration.
         *
         *     `id` is assigned by Vong (UUIDv7 of the start time). `trace_id` (32 hex digits), `span_id` and `parent_span_id` (16)
         *     are OpenTelemetry ids. `attributes` follow OpenTelemetry's GenAI conventions. `input` and `output` are the bodies,
         *     stored compressed; null if they were not captured. A span of kind `attempt` is a child of the span of a call: lists
         *     omit it unless requested, and usage does not count it.
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
            kind: "chat" | "embeddings" | "rerank" | "retrieval" | "tool" | "pipeline" | "job" | "attempt" | "other";
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
            versions: components["schemas"]["SpanVersions"];
        };
        /**
         * SpanCount
         * @description Number of spans. With `more` it is a lower bound.
         */
        SpanCount: {
            /** Count */
            count: number;
            /**
             * More
             * @default false
             */
            more: boolean;
        };
        /**
         * SpanNode
         * @description Span in its trace. `offset_ms` is relative to the start of the trace; children are ordered by start time.
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
         * @description Span without bodies and attributes.
         *
         *     The previews are the first 160 characters of the readable text of the input (newest message first) and the output.
         *     `scores` and `corrections` are counts; null if they were not requested.
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
            versions: components["schemas"]["SpanVersions"];
        };
        /**
         * SpanVersions
         * @description Exact configuration behind a span. Each field is a ref or a hash; null if it was not used.
         */
        SpanVersions: {
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
        /**
         * SpeedPlan
         * @description Speed of one completion at a time, in tokens per second. None if it is unknown.
         *
         *     `source` is `measured` if an engine with the same model and settings has run, `estimated` if the speed follows from
         *     another engine or from the memory bandwidth of the machine, and `unknown` otherwise. `note` states the basis.
         */
        SpeedPlan: {
            /**
             * Note
             * @default
             */
            note: string;
            /** Output */
            output?: number | null;
            /** Prompt */
            prompt?: number | null;
            /**
             * Source
             * @default unknown
             * @enum {string}
             */
            source: "measured" | "estimated" | "unknown";
        };
        /**
         * SplitLeak
         * @description Inputs that occur in two splits: pairs of (row of `a`, row of `b`), counted by group and split.
         */
        SplitLeak: {
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
         * SplitRequest
         * @description Split of a dataset version. `name` is the dataset for the result, by default the same dataset.
         */
        SplitRequest: {
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
         * SplitSettings
         * @description Settings of a split.
         *
         *     `splits` maps names to shares (with a sum of at most 1) or to numbers of rows; remaining rows are left out.
         *     `stratify` lists label paths (`completion.intent`, `metadata.channel`) whose values are distributed proportionally
         *     over the splits. `group` is a label path; rows with the same value (a customer, a thread) stay in one split, as
         *     near-duplicates do.
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
         * StorageUsage
         * @description Bytes on disk. Blob values are null for an object store; `spans` is PostgreSQL's own estimate.
         */
        StorageUsage: {
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
         * Suite
         * @description Version of a suite. `hash` is the sha256 of its content; equal content is stored once.
         */
        Suite: {
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Description
             * @default
             */
            description: string;
            /** Entries */
            entries: components["schemas"]["SuiteEntry"][];
            /** Hash */
            hash: string;
            /** Name */
            name: string;
            /** Number */
            number: number;
        };
        /**
         * SuiteCheck
         * @description Result of a threshold. `value` is null if no example of the slice has the metric; the check then fails.
         *
         *     `share` is the share of answers that have the metric, `reason` says why a check failed.
         */
        SuiteCheck: {
            /** Bound */
            bound: number;
            /**
             * Confident
             * @default false
             */
            confident: boolean;
            /** Direction */
            direction: string;
            /** Entry */
            entry: number;
            /** High */
            high?: number | null;
            /** Low */
            low?: number | null;
            /**
             * N
             * @default 0
             */
            n: number;
            /** Passed */
            passed: boolean;
            /**
             * Reason
             * @default
             */
            reason: string;
            /** Scorer */
            scorer: string;
            /** Share */
            share?: number | null;
            /** Slice */
            slice?: string | null;
            /** Value */
            value?: number | null;
        };
        /**
         * SuiteComparison
         * @description Comparison of a suite run with a baseline. `missing` lists entries that the baseline did not evaluate.
         */
        SuiteComparison: {
            baseline: components["schemas"]["SuiteRun"];
            /** Entries */
            entries: components["schemas"]["EntryComparison"][];
            /**
             * Missing
             * @default []
             */
            missing: number[];
            /**
             * Run
             * Format: uuid
             */
            run: string;
        };
        /**
         * SuiteCreate
         * @description Suite to store: its name, a description and its entries.
         */
        SuiteCreate: {
            /**
             * Description
             * @default
             */
            description: string;
            /** Entries */
            entries: components["schemas"]["SuiteEntry"][];
            /** Name */
            name: string;
        };
        /**
         * SuiteEntry
         * @description Dataset split with its scorers, settings, slices and thresholds. Every entry is run `repeats` times.
         *
         *     `dataset` is NAME, NAME@NUMBER or NAME@HASH; a suite stores the version that it names at its creation. `scorers`
         *     are written as for an evaluation: `NAME`, `NAME:option=value;…`, or objects with name and options.
         */
        SuiteEntry: {
            /** Dataset */
            dataset: string;
            /**
             * Repeats
             * @default 1
             */
            repeats: number;
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
             *       "samples": 1,
             *       "seed": 0,
             *       "shots": 0,
             *       "shots_split": "train",
             *       "temperature": 0
             *     }
             */
            settings: components["schemas"]["EvalSettings"];
            /**
             * Slices
             * @default []
             */
            slices: string[];
            /**
             * Split
             * @default test
             */
            split: string;
            /**
             * Thresholds
             * @default []
             */
            thresholds: components["schemas"]["Threshold"][];
        };
        /**
         * SuiteEstimate
         * @description Estimate of a suite run on a subject. Costs are in millionths of a US dollar, null if unknown.
         */
        SuiteEstimate: {
            /** Cost */
            cost?: number | null;
            /** Entries */
            entries: components["schemas"]["EntryEstimate"][];
            /** Examples */
            examples: number;
            /** Seconds */
            seconds?: number | null;
            /** Subject */
            subject: string;
            /** Suite */
            suite: string;
        };
        /**
         * SuiteMetric
         * @description Metric of an entry over all repeats, with its 95 % interval over the examples.
         *
         *     `values` has the total of each repeat. `within_error` is the standard error over the examples, `between_deviation`
         *     the standard deviation between repeats (null for a single one): a difference between models below it may be due to
         *     sampling alone.
         */
        SuiteMetric: {
            /** Between Deviation */
            between_deviation?: number | null;
            /** Entry */
            entry: number;
            /** High */
            high: number;
            /**
             * Higher Is Better
             * @default true
             */
            higher_is_better: boolean | null;
            /** Low */
            low: number;
            /** N */
            n: number;
            /** Scorer */
            scorer: string;
            /** Value */
            value: number;
            /** Values */
            values: number[];
            /** Within Error */
            within_error: number;
        };
        /**
         * SuiteRun
         * @description Run of a suite version (`suite` is NAME@NUMBER) on a subject: a model, deployment, route or prompt name.
         *
         *     `passed` is null until the run has finished, then true if every check passed. `runs` are the ids of the evaluations,
         *     entry by entry and repeat by repeat. Counts, tokens and costs are sums over them; `cost` is in millionths of a US
         *     dollar, or null if a price is unknown. `label` names the state that was evaluated, such as a branch.
         */
        SuiteRun: {
            /**
             * Checks
             * @default []
             */
            checks: components["schemas"]["SuiteCheck"][];
            /** Cost */
            cost?: number | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Done
             * @default 0
             */
            done: number;
            /**
             * Examples
             * @default 0
             */
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
            /**
             * Label
             * @default
             */
            label: string;
            /**
             * Metrics
             * @default []
             */
            metrics: components["schemas"]["SuiteMetric"][];
            /**
             * @default {
             *       "thresholds": []
             *     }
             */
            options: components["schemas"]["SuiteRunOptions"];
            /**
             * Output Tokens
             * @default 0
             */
            output_tokens: number;
            /** Passed */
            passed?: boolean | null;
            /**
             * Runs
             * @default []
             */
            runs: string[];
            /**
             * Slices
             * @default []
             */
            slices: components["schemas"]["WorstSlice"][];
            /** Status */
            status: string;
            /** Subject */
            subject: string;
            /** Suite */
            suite: string;
            /** Suite Hash */
            suite_hash: string;
            /** Suite Name */
            suite_name: string;
            /**
             * Truncated
             * @default 0
             */
            truncated: number;
        };
        /**
         * SuiteRunOptions
         * @description Options of a suite run that are not part of the suite.
         *
         *     `system` replaces the system messages of all entries, for example to try another prompt. `repeats` replaces the
         *     number of repeats of all entries, `limit` lowers the number of examples of each, `concurrency` replaces the number
         *     of concurrent requests. `thresholds` are checked on every entry in addition to its own.
         */
        SuiteRunOptions: {
            /** Concurrency */
            concurrency?: number | null;
            /** Limit */
            limit?: number | null;
            /** Repeats */
            repeats?: number | null;
            /** System */
            system?: string | null;
            /**
             * Thresholds
             * @default []
             */
            thresholds: components["schemas"]["Threshold"][];
        };
        /**
         * SuiteRunRequest
         * @description Run of a suite. `subject` is the model as in a request to `/v1`; `label` names the state, such as a branch.
         */
        SuiteRunRequest: {
            /**
             * Label
             * @default
             */
            label: string;
            /**
             * @default {
             *       "thresholds": []
             *     }
             */
            options: components["schemas"]["SuiteRunOptions"];
            /** Subject */
            subject: string;
        };
        /**
         * SuiteRunStarted
         * @description Suite run and its job. Both have the same id.
         */
        SuiteRunStarted: {
            job: components["schemas"]["Job"];
            run: components["schemas"]["SuiteRun"];
        };
        /**
         * SyncRequest
         * @description Options of a sync. `force` also deletes more than half of the documents of the source.
         */
        SyncRequest: {
            /**
             * Force
             * @default false
             */
            force: boolean;
        };
        /**
         * SystemInfo
         * @description Installed versions, storage and process usage.
         */
        SystemInfo: {
            /** Home */
            home: string;
            /** Libraries */
            libraries: components["schemas"]["LibraryInfo"][];
            /** Pgvector */
            pgvector: string | null;
            /** Postgres */
            postgres: string;
            /** Processes */
            processes: components["schemas"]["ProcessInfo"][];
            /** Python */
            python: string;
            storage: components["schemas"]["StorageUsage"];
            /** System */
            system: string;
            /** Version */
            version: string;
        };
        /**
         * TargetState
         * @description Health of a target of a route.
         *
         *     `circuit` is `open` while the target is skipped after failures and `half-open` while one call probes it. `failures`
         *     counts the failures within the window of the breaker, `retry_in` is the number of seconds until a call may probe the
         *     target. `in_flight` calls are running and `queued` calls wait, from all routes. The latencies are decayed means of
         *     the last two minutes, in milliseconds: `first_token_ms` of streams, `latency_ms` of complete responses. A value that
         *     is not measured is null: a route without a policy and a tree has one attempt and no circuit breaker.
         */
        TargetState: {
            /** Circuit */
            circuit?: ("closed" | "open" | "half-open") | null;
            /** Failures */
            failures?: number | null;
            /** First Token Ms */
            first_token_ms?: number | null;
            /** In Flight */
            in_flight?: number | null;
            /** Latency Ms */
            latency_ms?: number | null;
            /** Queued */
            queued?: number | null;
            /** Retry In */
            retry_in?: number | null;
            /** Route */
            route: string;
            /** Target */
            target: string;
        };
        /**
         * TargetsReport
         * @description Health of the targets of all routes, as observed by the process that handled the request.
         *
         *     `server` is its process id. If several processes share the port, another process may report different values.
         */
        TargetsReport: {
            /** Server */
            server: number;
            /** Targets */
            targets: components["schemas"]["TargetState"][];
        };
        /**
         * TextSearch
         * @description Search for passages. `filters` has the form of OpenAI's filters on attributes.
         */
        TextSearch: {
            /** Filters */
            filters?: {
                [key: string]: unknown;
            } | null;
            /**
             * Limit
             * @default 4
             */
            limit: number;
            /** Query */
            query: string;
        };
        /**
         * TextSection
         * @description Section of a document: `text` is the part from `start` to `end` of the whole text.
         *
         *     `heading` is the path of headings, `level` the level of the last one, 0 for none. `page` is null if the document has
         *     no pages.
         */
        TextSection: {
            /** End */
            end: number;
            /** Heading */
            heading: string;
            /**
             * Kind
             * @default text
             * @enum {string}
             */
            kind: "text" | "table" | "code" | "list";
            /**
             * Level
             * @default 0
             */
            level: number;
            /** Page */
            page?: number | null;
            /** Start */
            start: number;
            /** Text */
            text: string;
        };
        /**
         * TextSelection
         * @description Ids of texts.
         */
        TextSelection: {
            /** Ids */
            ids: string[];
        };
        /**
         * TextUpload
         * @description Texts to add to a base.
         */
        TextUpload: {
            /** Texts */
            texts: components["schemas"]["KnowledgeText"][];
        };
        /**
         * Threshold
         * @description Bound on a metric of an entry: the value must be `at_least` or `at_most` the bound.
         *
         *     `scorer` is the metric, such as `exact_match`, `rougeL` or `failed_share`. `slice` restricts the check to one slice,
         *     such as `language=vi`. `confident` requires the whole interval to be on the right side of the bound. `min_share` is
         *     the share of answers that must have the metric: a mean over the few that a scorer could score proves nothing about
         *     the others. Latency and cost are expected of successful requests only.
         */
        Threshold: {
            /** At Least */
            at_least?: number | null;
            /** At Most */
            at_most?: number | null;
            /**
             * Confident
             * @default false
             */
            confident: boolean;
            /**
             * Min Share
             * @default 1
             */
            min_share: number;
            /** Scorer */
            scorer: string;
            /** Slice */
            slice?: string | null;
        };
        /**
         * Timeouts
         * @description Timeouts of one attempt, in seconds. The `timeout` of the provider applies as well: the shorter one wins.
         *     In a stream that `timeout` limits the time without data.
         *
         *     `connect` is 5 because a healthy host connects in well under a second, and a lost packet is sent again after 1 s and
         *     3 s. `first_token` is 60 because long prompts and reasoning models send nothing for a long time. `between_tokens` is
         *     30 because no usable model takes longer for the next token. `total` applies to complete responses and streams; null
         *     uses the timeout of the provider.
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
         * @description All spans of one trace as trees.
         *
         *     A span whose parent is not recorded (a span of the caller, or one that is still running) is a root. `usage` sums the
         *     spans without measured children, so that nothing counts twice. Its cost is null if the price of any of them is
         *     unknown.
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
         * TraceQuestionsRequest
         * @description Rated answers to turn into questions.
         *
         *     Spans of `ask` with a score of at least `min_score` count; `since` limits the scores by time. A correction replaces
         *     the answer. With `accept` the questions are accepted at once, otherwise a person reviews them.
         */
        TraceQuestionsRequest: {
            /**
             * Accept
             * @default false
             */
            accept: boolean;
            /**
             * Limit
             * @default 200
             */
            limit: number;
            /**
             * Min Score
             * @default 0.75
             */
            min_score: number;
            /** Since */
            since?: string | null;
        };
        /**
         * TracesSummary
         * @description Number of spans in the last 24 hours, counted in whole hours.
         */
        TracesSummary: {
            /**
             * Spans
             * @default 0
             */
            spans: number;
        };
        /**
         * TrafficShareUpdate
         * @description New traffic share of the candidate.
         */
        TrafficShareUpdate: {
            /** Share */
            share: number;
        };
        /**
         * TrainedModel
         * @description Model version that was trained on the rows in question, directly or through its base.
         *
         *     `dataset` and `splits` state the dataset version and the splits with such rows. `parent` is the version that this
         *     one is based on, if the rows reached it only through that version.
         */
        TrainedModel: {
            /**
             * Aliases
             * @default []
             */
            aliases: string[];
            /**
             * Answers
             * @default 0
             */
            answers: number;
            /** Dataset */
            dataset?: string | null;
            /**
             * Deployments
             * @default []
             */
            deployments: string[];
            /**
             * Exports
             * @default 0
             */
            exports: number;
            /** Kind */
            kind: string;
            /** Model */
            model: string;
            /** Parent */
            parent?: string | null;
            /**
             * Splits
             * @default []
             */
            splits: string[];
        };
        /**
         * TrainedOnReport
         * @description Models trained on a person's rows, and the actions that erase the rows from them.
         *
         *     `rows` counts the matching rows, `row_hashes` lists the first ones. `datasets` lists the dataset versions with them.
         */
        TrainedOnReport: {
            /** Actions */
            actions: string[];
            /** Datasets */
            datasets: string[];
            /** Models */
            models: components["schemas"]["TrainedModel"][];
            /** Query */
            query: string;
            /** Row Hashes */
            row_hashes: string[];
            /** Rows */
            rows: number;
            /** Searched By */
            searched_by: string;
        };
        /**
         * TrainingPlan
         * @description Plan of a training run, in bytes and seconds.
         *
         *     `rate_source` and `memory_source` explain where the values come from; `measured` is True if the rate was measured on
         *     this machine. `seconds` is the whole run: loading the model (`startup_seconds`), training, evaluations and
         *     checkpoints. `cost` is in US dollars, and null unless the setting machine_price_per_hour is set. `fits` compares
         *     `memory_bytes` with `memory_limit_bytes`. `settings` are the values that were chosen automatically.
         */
        TrainingPlan: {
            /**
             * Alternatives
             * @default []
             */
            alternatives: components["schemas"]["PlanAlternative"][];
            /**
             * Choices
             * @default []
             */
            choices: components["schemas"]["SettingChoice"][];
            /** Cost */
            cost?: number | null;
            /** Fits */
            fits: boolean;
            /** Left Out */
            left_out: number;
            /** Machine */
            machine: string;
            /** Machine Price Per Hour */
            machine_price_per_hour?: number | null;
            /** Measured */
            measured: boolean;
            /** Memory Bytes */
            memory_bytes: number;
            /** Memory Limit Bytes */
            memory_limit_bytes: number;
            memory_parts: components["schemas"]["MemoryEstimate"];
            /** Memory Source */
            memory_source: string;
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
            /** Startup Seconds */
            startup_seconds: number;
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
         * TrainingRequest
         * @description Request for a training run: the base model (`base`, a ref), the datasets with their splits, and the recipe.
         *
         *     A recipe that trains from scratch has no `base`.
         *
         *     With `auto` the planner chooses batch size, accumulation, checkpointing, precision and packing for this machine,
         *     except those in `settings`. A setting with the value `auto` is chosen in the same way.
         *
         *     `keep_checkpoints` is the number of epochs, counted from the end, whose weights are registered as versions too.
         */
        TrainingRequest: {
            /**
             * Auto
             * @default false
             */
            auto: boolean;
            /** Base */
            base?: string | null;
            /** Dataset */
            dataset?: string | null;
            /**
             * Datasets
             * @default []
             */
            datasets: components["schemas"]["DatasetShare"][];
            /**
             * Keep Checkpoints
             * @default 0
             */
            keep_checkpoints: number;
            /**
             * Mixing
             * @default shuffle
             * @enum {string}
             */
            mixing: "shuffle" | "in_order";
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
         * TrainingRun
         * @description Run of a recipe.
         *
         *     `settings` contains all hyperparameters, including defaults; `summary` the last and best metrics; `warnings` the
         *     warnings of the trainer (overfitting, truncated rows).
         */
        TrainingRun: {
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
         * TrainingSample
         * @description Output of the model in training for a fixed validation prompt, beside the reference and the output of the base.
         *
         *     `step` is the number of completed steps (0: the base), `number` the position of the prompt. `scores` are the metrics
         *     of the scorers of the run.
         */
        TrainingSample: {
            /**
             * Base Output
             * @default
             */
            base_output: string;
            /** Number */
            number: number;
            /** Output */
            output: string;
            /** Prompt */
            prompt: string;
            /**
             * Reference
             * @default
             */
            reference: string;
            /**
             * Scores
             * @default {}
             */
            scores: {
                [key: string]: number;
            };
            /** Step */
            step: number;
        };
        /**
         * TrainingStarted
         * @description Training run and its job.
         */
        TrainingStarted: {
            job: components["schemas"]["Job"];
            run: components["schemas"]["TrainingRun"];
        };
        /**
         * TrainingSummary
         * @description Counts of training runs. `best` is the run with the lowest evaluation loss of the last 20 that finished.
         */
        TrainingSummary: {
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
         * TriggerState
         * @description State of one trigger: the measured value beside the value that it needs, both null if not measured yet.
         */
        TriggerState: {
            /** Detail */
            detail: string;
            /**
             * Is Due
             * @default false
             */
            is_due: boolean;
            /**
             * Kind
             * @enum {string}
             */
            kind: "corrections" | "scores" | "drift" | "schedule" | "base" | "manual";
            /** Needed */
            needed?: number | null;
            /** Value */
            value?: number | null;
        };
        /**
         * TuningSettings
         * @description Settings of a tuning on the labels of a task.
         *
         *     `writer` is the route or model that proposes `variants` prompts; without it, only `shots` are tried. `shots` is the
         *     number of labelled examples in the prompt. `held_out` is the share of labels on which the chosen variant is compared
         *     with the present version.
         */
        TuningSettings: {
            /**
             * Concurrency
             * @default 4
             */
            concurrency: number;
            /**
             * Fresh
             * @default false
             */
            fresh: boolean;
            /**
             * Held Out
             * @default 0.5
             */
            held_out: number;
            /**
             * Label Field
             * @default
             */
            label_field: string;
            /**
             * Limit
             * @default 1000
             */
            limit: number;
            /**
             * Min Kappa
             * @default 0.4
             */
            min_kappa: number;
            /**
             * Min Labels
             * @default 50
             */
            min_labels: number;
            /** Score Name */
            score_name?: string | null;
            /**
             * Seed
             * @default 0
             */
            seed: number;
            /**
             * Shots
             * @default 4
             */
            shots: number;
            /**
             * Split
             * @default
             */
            split: string;
            /** Task */
            task: string;
            /**
             * Variants
             * @default 3
             */
            variants: number;
            /**
             * Writer
             * @default
             */
            writer: string;
        };
        /**
         * Usage
         * @description Tokens, as counted by the billed model, and cost.
         *
         *     `cost` is in millionths of a US dollar; null, never 0, if the price is unknown.
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
         * @description Usage of the calls of one group that started in the bucket beginning at `at`.
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
         * @description Usage over time with totals by group.
         *
         *     Points are ordered by time; buckets without calls have no point. Totals are ordered by calls, most first. The points
         *     of all but the largest groups are summed in the group `…`. Groups by user and tag come from the ledger, in which a
         *     call with several tags counts in each of them.
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
            totals: components["schemas"]["UsageTotals"][];
            /**
             * Until
             * Format: date-time
             */
            until: string;
        };
        /**
         * UsageTotals
         * @description Usage of a group of calls.
         *
         *     `cost`, in millionths of a US dollar, sums the `priced` calls, whose price is known; null if there are none.
         *     Latencies are in milliseconds: hours and days are estimated from histograms with buckets 11.5 % wide, minutes are
         *     exact, groups by user and tag are null.
         */
        UsageTotals: {
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
         * User
         * @description User account with the names of its projects. An owner has all projects.
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
         * UserCreate
         * @description Account to create.
         *
         *     Without a `password` Vong generates one and shows it once. `projects` (by name) are the projects of the user; by
         *     default the project of the caller. An owner may work in all projects.
         */
        UserCreate: {
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
        /**
         * VerificationEvent
         * @description Checked sentences of the text.
         */
        VerificationEvent: {
            /**
             * Event
             * @default verification
             * @constant
             */
            event: "verification";
            /** Replaced */
            replaced: boolean;
            /** Sentences */
            sentences: components["schemas"]["SentenceCheck"][];
        };
        /**
         * VerificationSettings
         * @description Verification of answers against the cited passages.
         *
         *     `mode`: `replace` returns "not in the documents" if fewer than `min_supported` of the sentences are supported or one
         *     contradicts its passage; `flag` only lists such sentences; `off` skips the check. `judge` names a calibrated judge
         *     that decides about sentences that pass the other checks.
         */
        VerificationSettings: {
            /** Judge */
            judge?: string | null;
            /**
             * Min Supported
             * @default 0.5
             */
            min_supported: number;
            /**
             * Mode
             * @default replace
             * @enum {string}
             */
            mode: "replace" | "flag" | "off";
        };
        /**
         * VersionEdge
         * @description Edge of the graph: `operation` created `child` from `parent`.
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
         * @description Newest versions of a dataset and their parents (also from other datasets), newest first.
         *
         *     `more` is the number of older versions that are not shown.
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
         * @description One version of the graph. If a parent no longer exists, `known` is false and only its ref is set.
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
         * WorstSlice
         * @description Slice whose mean is worse than that of the other examples, with a permutation test.
         *
         *     `adjusted_p` is Holm's correction over all slices and metrics of the suite run.
         */
        WorstSlice: {
            /** Adjusted P */
            adjusted_p: number;
            /** Entry */
            entry: number;
            /** N */
            n: number;
            /** P */
            p: number;
            /** Rest */
            rest: number;
            /** Scorer */
            scorer: string;
            /** Slice */
            slice: string;
            /** Value */
            value: number;
        };
    };
    responses: {
        /** @description The credentials are missing, unknown, expired or revoked. */
        401: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The caller may not do this. */
        403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such object or path. */
        404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The object exists already, or its state does not allow this. */
        409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The request is invalid. */
        422: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There were too many attempts. `Retry-After` has the seconds to wait. */
        429: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The server failed. */
        500: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The database does not answer, or the server is not ready. */
        503: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    access_list_keys: {
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
                    "application/json": components["schemas"]["ApiKey"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
                "application/json": components["schemas"]["KeyCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewApiKey"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
                "application/json": components["schemas"]["KeyRotation"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["NewApiKey"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    access_list_projects: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
                "application/json": components["schemas"]["ProjectCreate"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    access_get_session: {
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
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
                "application/json": components["schemas"]["ProjectSwitch"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
                    "application/json": components["schemas"]["SessionView"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            422: components["responses"]["422"];
            429: components["responses"]["429"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    access_list_users: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
                "application/json": components["schemas"]["UserCreate"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    access_delete_user: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    data_list_datasets: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    data_import_knowledge: {
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
                "application/json": components["schemas"]["KnowledgeImport"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    data_get_version_graph: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    data_list_versions: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    data_compare_versions: {
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
                    "application/json": components["schemas"]["DatasetDiff"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    data_get_version: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    data_list_changes: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    data_clean_version: {
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
                "application/json": components["schemas"]["CleanRequest"] | null;
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    data_profile_version: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    data_get_report: {
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
                    "application/json": components["schemas"]["HealthReport"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    data_list_rows: {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
                split?: string | null;
                /** @description Text in prompt or completion, case-insensitive. */
                text?: string | null;
                /** @description FIELD=VALUE, repeatable. */
                metadata?: string[] | null;
                /** @description PATH=VALUE, for example completion.intent=refund. */
                label?: string[] | null;
                /** @description Origin of the rows; `span`: corrections. */
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
                    "application/json": components["schemas"]["DatasetRow"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    data_count_rows: {
        parameters: {
            query?: {
                split?: string | null;
                /** @description Text in prompt or completion, case-insensitive. */
                text?: string | null;
                /** @description FIELD=VALUE, repeatable. */
                metadata?: string[] | null;
                /** @description PATH=VALUE, for example completion.intent=refund. */
                label?: string[] | null;
                /** @description Origin of the rows; `span`: corrections. */
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    data_split_version: {
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
                "application/json": components["schemas"]["SplitRequest"] | null;
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_alarms: {
        parameters: {
            query?: {
                monitor?: string | null;
                route?: string | null;
                status?: ("open" | "resolved") | null;
                since?: string | null;
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
                    "application/json": components["schemas"]["MonitorAlarm"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_resolve_alarm: {
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
                "application/json": components["schemas"]["AlarmResolution"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MonitorAlarm"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_get_calibration: {
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
                    "application/json": components["schemas"]["Calibration"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_compare_runs: {
        parameters: {
            query: {
                a: string;
                b: string;
                changes?: number;
                slice?: string[];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_compared_examples: {
        parameters: {
            query: {
                a: string;
                b: string;
                metric?: string | null;
                outcome?: ("win" | "loss" | "tie") | null;
                text?: string | null;
                slice?: string | null;
                after?: number;
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
                    "application/json": components["schemas"]["EvalChange"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_save_compared_examples: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangesToSave"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_get_judge_comparison: {
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
                    "application/json": components["schemas"]["PairwiseComparison"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_gate_approvals: {
        parameters: {
            query: {
                kind: "model_alias" | "route" | "prompt_label" | "pipeline" | "index";
                name: string;
                candidate: string;
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
                    "application/json": components["schemas"]["GateApproval"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_approve_candidate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GateApprovalCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GateApproval"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_check_gate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GateCheck"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GateDecision"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_gate_decisions: {
        parameters: {
            query?: {
                kind?: ("model_alias" | "route" | "prompt_label" | "pipeline" | "index") | null;
                name?: string | null;
                passed?: boolean | null;
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
                    "application/json": components["schemas"]["GateDecision"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_get_gate_decision: {
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
                    "application/json": components["schemas"]["GateDecision"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_gate_policies: {
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
                    "application/json": components["schemas"]["GatePolicy"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_get_gate_policy: {
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
                    "application/json": components["schemas"]["GatePolicy"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_set_gate_policy: {
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
                "application/json": components["schemas"]["GatePolicyUpdate"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GatePolicy"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_delete_gate_policy: {
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
                    "application/json": components["schemas"]["GatePolicy"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_gate_policy_versions: {
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
                    "application/json": components["schemas"]["GatePolicy"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_import_results: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["Body_evals_import_results"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvalResult"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_judges: {
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
                    "application/json": components["schemas"]["JudgeOverview"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_create_judge: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["JudgeCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JudgeVersion"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_delete_judge: {
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
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_get_judge: {
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
                    "application/json": components["schemas"]["JudgeDetails"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_start_calibration: {
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
                "application/json": components["schemas"]["CalibrationSettings"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CalibrationStarted"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_start_judge_comparison: {
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
                "application/json": components["schemas"]["PairwiseRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvalStarted"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_judge_output: {
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
                "application/json": components["schemas"]["JudgeInput"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Judgement"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_tune_judge: {
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
                "application/json": components["schemas"]["TuningSettings"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_use_judge: {
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
                    "application/json": components["schemas"]["JudgeVersion"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_label_counts: {
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
                    "application/json": components["schemas"]["LabelCount"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_monitors: {
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
                    "application/json": components["schemas"]["Monitor"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_create_monitor: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MonitorCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MonitorChanged"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_get_monitor: {
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
                    "application/json": components["schemas"]["Monitor"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_delete_monitor: {
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
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_update_monitor: {
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
                "application/json": components["schemas"]["MonitorUpdate"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MonitorChanged"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_get_monitor_history: {
        parameters: {
            query?: {
                since?: string | null;
                bucket?: "hour" | "day";
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
                    "application/json": components["schemas"]["ScorePoint"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_monitor_samples: {
        parameters: {
            query?: {
                status?: ("pending" | "scored" | "failed" | "skipped") | null;
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
                    "application/json": components["schemas"]["MonitorSample"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_reviews: {
        parameters: {
            query?: {
                status?: ("open" | "done") | null;
                monitor?: string | null;
                assignee?: string | null;
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
                    "application/json": components["schemas"]["ReviewItem"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_get_review: {
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
                    "application/json": components["schemas"]["ReviewItem"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_assign_review: {
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
                "application/json": components["schemas"]["ReviewAssignment"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReviewItem"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_complete_review: {
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
                "application/json": components["schemas"]["ReviewCompletion"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReviewItem"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_reopen_review: {
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
                    "application/json": components["schemas"]["ReviewItem"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_take_review: {
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
                    "application/json": components["schemas"]["ReviewItem"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_runs: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_start_run: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EvalRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvalStarted"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_record_run: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RecordedRun"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EvalResult"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_get_run: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_labels: {
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
                    "application/json": components["schemas"]["OutputLabel"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_add_label: {
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
                "application/json": components["schemas"]["LabelCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OutputLabel"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_outputs_to_label: {
        parameters: {
            query?: {
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
                    "application/json": components["schemas"]["LabelQueue"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_delete_label: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                position: number;
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_outputs: {
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
                    "application/json": components["schemas"]["ScoredOutput"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_score: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScoreRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScoreReport"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_scorers: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_suite_runs: {
        parameters: {
            query?: {
                suite?: string | null;
                subject?: string | null;
                label?: string | null;
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
                    "application/json": components["schemas"]["SuiteRun"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_get_suite_run: {
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
                    "application/json": components["schemas"]["SuiteRun"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_compare_suite_runs: {
        parameters: {
            query: {
                baseline: string;
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
                    "application/json": components["schemas"]["SuiteComparison"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_suites: {
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
                    "application/json": components["schemas"]["Suite"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_create_suite: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SuiteCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Suite"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_delete_suite: {
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
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_list_suite_versions: {
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
                    "application/json": components["schemas"]["Suite"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_get_suite: {
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
                    "application/json": components["schemas"]["Suite"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_estimate_suite: {
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
                "application/json": components["schemas"]["SuiteRunRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SuiteEstimate"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    evals_start_suite_run: {
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
                "application/json": components["schemas"]["SuiteRunRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SuiteRunStarted"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    experiments_compare_runs: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    experiments_list_runs: {
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
                    "application/json": components["schemas"]["TrainingRun"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    experiments_start_run: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RunCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrainingRun"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    experiments_get_run: {
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
                    "application/json": components["schemas"]["TrainingRun"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    experiments_stream_run_events: {
        parameters: {
            query?: {
                /** @description Resume after this event. The header Last-Event-ID takes precedence. */
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
            /** @description Server-sent events: `metrics` (metrics of a step), and last `end` (the TrainingRun). */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    experiments_finish_run: {
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
                "application/json": components["schemas"]["RunFinish"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrainingRun"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    experiments_get_metrics: {
        parameters: {
            query?: {
                /** @description Names of the metrics. All metrics if left out. */
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    experiments_log_metrics: {
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
                "application/json": components["schemas"]["MetricsLog"][];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrainingRun"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    experiments_get_samples: {
        parameters: {
            query?: {
                /** @description Step. The last one if left out. */
                step?: number | null;
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
                    "application/json": components["schemas"]["RunSamples"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    experiments_log_samples: {
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
                "application/json": components["schemas"]["TrainingSample"][];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunSamples"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    feedback_list_scores: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    feedback_add_score: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ScoreCreate"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    feedback_preview_harvest: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    feedback_harvest_examples: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HarvestRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HarvestResult"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    feedback_list_inbox: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    feedback_summarize_scores: {
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
                    "application/json": components["schemas"]["ScoreSummary"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_get_cache_stats: {
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
                    "application/json": components["schemas"]["CacheStats"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
                    "application/json": components["schemas"]["CacheCleared"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_get_guards: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
                "application/json": components["schemas"]["GuardsUpdate"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_list_guard_versions: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_run_self_test: {
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
                    "application/json": components["schemas"]["SelfTestReport"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_test_guards: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GuardTestRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GuardTestResult"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_list_guard_types: {
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
                    "application/json": components["schemas"]["GuardType"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_get_ledger: {
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
                    "application/json": components["schemas"]["LedgerSummary"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_list_limits: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
                "application/json": components["schemas"]["LimitCreate"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_delete_limit: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_list_models: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_list_prices: {
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
                    "application/json": components["schemas"]["CustomPrice"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
                "application/json": components["schemas"]["PriceUpdate"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CustomPrice"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_delete_price: {
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
                    "application/json": components["schemas"]["CustomPrice"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_list_providers: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_set_provider: {
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
                "application/json": components["schemas"]["ProviderUpdate"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_set_route: {
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
                "application/json": components["schemas"]["RouteUpdate"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_list_route_versions: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_list_shadow_results: {
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
                    "application/json": components["schemas"]["ShadowPair"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_summarize_shadow_results: {
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
                    "application/json": components["schemas"]["ShadowTargetStats"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_get_target_states: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    gateway_get_usage: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    jobs_get_job: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    jobs_cancel_job: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    jobs_stream_job_events: {
        parameters: {
            query?: {
                /** @description Resume after this event. The header Last-Event-ID takes precedence. */
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
            /** @description Server-sent events: `progress` (a Job), `log` (a LogLine), and last `end` (a Job). */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    jobs_get_job_log: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    jobs_retry_job: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_list_bases: {
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
                    "application/json": components["schemas"]["KnowledgeBase"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_get_base: {
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
                    "application/json": components["schemas"]["BaseDetails"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_delete_base: {
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
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_update_base: {
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
                "application/json": components["schemas"]["BaseSettingsUpdate"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BaseDetails"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_get_answer_settings: {
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
                    "application/json": components["schemas"]["AnswerSettings"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_set_answer_settings: {
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
                "application/json": components["schemas"]["AnswerSettings"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AnswerSettings"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_ask_question: {
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
                "application/json": components["schemas"]["AskRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RagAnswer"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_stream_answer: {
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
                "application/json": components["schemas"]["AskRequest"];
            };
        };
        responses: {
            /** @description Server-sent events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string | components["schemas"]["QueriesEvent"] | components["schemas"]["PassagesEvent"] | components["schemas"]["DeltaEvent"] | components["schemas"]["CitationEvent"] | components["schemas"]["VerificationEvent"] | components["schemas"]["DoneEvent"] | components["schemas"]["ErrorEvent"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_list_documents: {
        parameters: {
            query?: {
                state?: ("pending" | "loading" | "indexing" | "ready" | "failed") | null;
                after?: string | null;
                limit?: number | null;
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
                    "application/json": components["schemas"]["Document"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_delete_document: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_list_evaluations: {
        parameters: {
            query?: {
                index?: number | null;
                after?: string | null;
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
                    "application/json": components["schemas"]["KnowledgeEvaluation"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_start_evaluation: {
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
                "application/json": components["schemas"]["EvaluationStart"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KnowledgeEvaluationStarted"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_list_indexes: {
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
                    "application/json": components["schemas"]["IndexVersion"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_create_index: {
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
                "application/json": components["schemas"]["IndexCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IndexStarted"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_compare_indexes: {
        parameters: {
            query: {
                a: number;
                b: number;
                metric?: string | null;
                changes?: number;
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
                    "application/json": components["schemas"]["KnowledgeComparison"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_list_index_switches: {
        parameters: {
            query?: {
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
                    "application/json": components["schemas"]["IndexSwitch"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_get_index_version: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                base: string;
                number: number;
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
                    "application/json": components["schemas"]["IndexVersion"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_delete_index: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                base: string;
                number: number;
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_switch_index: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                base: string;
                number: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["IndexSwitchRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IndexSwitch"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_ingest_documents: {
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
                "application/json": components["schemas"]["IngestRequest"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_list_passage_feedback: {
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
                    "application/json": components["schemas"]["PassageFeedback"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_list_question_sets: {
        parameters: {
            query?: {
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
                    "application/json": components["schemas"]["QuestionSetSummary"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_create_question_set: {
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
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuestionSet"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_get_question_set: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                base: string;
                number: number;
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
                    "application/json": components["schemas"]["QuestionSet"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_list_questions: {
        parameters: {
            query?: {
                state?: ("proposed" | "accepted" | "rejected") | null;
                source?: ("own" | "generated" | "trace") | null;
                after?: string | null;
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
                    "application/json": components["schemas"]["KnowledgeQuestion"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_add_questions: {
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
                "application/json": components["schemas"]["QuestionsCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddedQuestions"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_count_questions: {
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
                    "application/json": {
                        [key: string]: number;
                    };
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_add_questions_from_traces: {
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
                "application/json": components["schemas"]["TraceQuestionsRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddedQuestions"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_start_question_generation: {
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
                "application/json": components["schemas"]["GenerationSettings"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_import_questions: {
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
                "multipart/form-data": components["schemas"]["Body_knowledge_import_questions"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddedQuestions"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_get_question: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                base: string;
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
                    "application/json": components["schemas"]["KnowledgeQuestion"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_delete_question: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                base: string;
                id: string;
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_update_question: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                base: string;
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QuestionReview"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KnowledgeQuestion"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_retry_documents: {
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
                "application/json": components["schemas"]["RetryRequest"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_search_base: {
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
                    "application/json": components["schemas"]["RetrievedPassage"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_search_base_with_settings: {
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
                "application/json": components["schemas"]["SearchRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RetrievedPassage"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_list_sources: {
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
                    "application/json": components["schemas"]["KnowledgeSource"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_create_source: {
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
                "application/json": components["schemas"]["SourceCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KnowledgeSource"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_get_source: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                base: string;
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
                    "application/json": components["schemas"]["KnowledgeSource"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_delete_source: {
        parameters: {
            query?: {
                keep_documents?: boolean;
            };
            header?: never;
            path: {
                base: string;
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
                    "application/json": components["schemas"]["SourceDeleted"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_update_source: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                base: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SourceUpdate"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KnowledgeSource"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_upload_source_archive: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                base: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["Body_knowledge_upload_source_archive"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KnowledgeSource"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_list_source_items: {
        parameters: {
            query?: {
                outcome?: ("added" | "changed" | "unchanged" | "deleted" | "failed" | "skipped") | null;
                after?: string | null;
                limit?: number;
            };
            header?: never;
            path: {
                base: string;
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
                    "application/json": components["schemas"]["SourceItem"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_sync_source: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                base: string;
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["SyncRequest"] | null;
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_list_source_syncs: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path: {
                base: string;
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
                    "application/json": components["schemas"]["SourceSync"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_add_texts: {
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
                "application/json": components["schemas"]["TextUpload"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": string[];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_delete_texts: {
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
                "application/json": components["schemas"]["TextSelection"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeletedTexts"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_get_texts: {
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
                "application/json": components["schemas"]["TextSelection"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KnowledgeText"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_search_texts: {
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
                "application/json": components["schemas"]["TextSearch"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FoundText"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_upload_documents: {
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
                "multipart/form-data": components["schemas"]["Body_knowledge_upload_documents"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Document"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_get_document: {
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
                    "application/json": components["schemas"]["Document"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_list_chunks: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_preview_stored_document: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                document_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PreviewRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DocumentPreview"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_get_document_text: {
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
                    "application/json": components["schemas"]["DisplayedDocument"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_compare_two_evaluations: {
        parameters: {
            query: {
                a: string;
                b: string;
                metric?: string | null;
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
                    "application/json": components["schemas"]["KnowledgeComparison"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_get_evaluation: {
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
                    "application/json": components["schemas"]["KnowledgeEvaluation"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_delete_evaluation: {
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
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_list_evaluation_results: {
        parameters: {
            query?: {
                after?: number | null;
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
                    "application/json": components["schemas"]["QuestionResult"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    knowledge_preview_document: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["Body_knowledge_preview_document"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DocumentPreview"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_list_canaries: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
                "application/json": components["schemas"]["CanaryCreate"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_get_canary: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_decide_canary: {
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
                "application/json": components["schemas"]["CanaryDecision"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_evaluate_canary: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_set_canary_traffic: {
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
                "application/json": components["schemas"]["TrafficShareUpdate"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_get_overview: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_list_loop_policies: {
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
                    "application/json": components["schemas"]["PolicyStatus"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_get_loop_policy: {
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
                    "application/json": components["schemas"]["PolicyStatus"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_set_loop_policy: {
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
                "application/json": components["schemas"]["LoopPolicySet"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LoopPolicy"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_delete_loop_policy: {
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
                    "application/json": components["schemas"]["LoopPolicy"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_list_loop_policy_runs: {
        parameters: {
            query?: {
                after?: string | null;
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
                    "application/json": components["schemas"]["PolicyRun"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_start_loop_policy_run: {
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
                    "application/json": components["schemas"]["PolicyRun"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_change_loop_policy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
                action: "pause" | "resume";
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
                    "application/json": components["schemas"]["PolicyStatus"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_get_loop_policy_run: {
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
                    "application/json": components["schemas"]["PolicyRun"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_cancel_loop_policy_run: {
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
                    "application/json": components["schemas"]["PolicyRun"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_get_loop_policy_report: {
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
                    "text/plain": string;
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_list_releases: {
        parameters: {
            query?: {
                status?: ("scheduled" | "running" | "promoted" | "rolled_back" | "kept" | "superseded") | null;
                route?: string | null;
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
                    "application/json": components["schemas"]["Release"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_start_release: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReleaseCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Release"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_get_release: {
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
                    "application/json": components["schemas"]["Release"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_evaluate_release: {
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
                    "application/json": components["schemas"]["Release"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_check_release_gate: {
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
                    "application/json": components["schemas"]["GateDecision"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_list_release_events: {
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
                    "application/json": components["schemas"]["ReleaseEvent"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_change_release: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                action: "pause" | "resume" | "stop" | "advance" | "promote";
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["ReleaseAction"] | null;
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Release"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_list_runs: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_start_run: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoopRunCreate"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    loop_get_run: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_list_exports: {
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
                    "application/json": components["schemas"]["ModelExport"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_get_export: {
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
                    "application/json": components["schemas"]["ModelExport"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_delete_export: {
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
                    "application/json": components["schemas"]["ModelExport"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_download_export: {
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
                    "application/json": unknown;
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_download_export_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                file: string;
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
                    "application/json": unknown;
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_keep_export: {
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
                "application/json": components["schemas"]["KeepRequest"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_get_lineage: {
        parameters: {
            query: {
                ref: string;
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_list_models: {
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
                    "application/json": components["schemas"]["RegisteredModel"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
                "application/json": components["schemas"]["ModelImport"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_list_aliases: {
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
                    "application/json": components["schemas"]["AliasChange"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
                "application/json": components["schemas"]["AliasUpdate"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasChange"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_list_versions: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_upload_model: {
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
                "multipart/form-data": components["schemas"]["Body_registry_upload_model"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_list_trained_on: {
        parameters: {
            query: {
                query: string;
                by?: ("row" | "text" | "user") | null;
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
                    "application/json": components["schemas"]["TrainedOnReport"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_get_version: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_get_card: {
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
                    "application/json": components["schemas"]["ModelCard"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_compress_version: {
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
                "application/json": components["schemas"]["CompressionRequest"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_export_version: {
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
                "application/json": components["schemas"]["ExportRequest"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    registry_verify_version: {
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
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    serving_list_deployments: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    serving_get_deployment: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
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
                "application/json": components["schemas"]["DeploymentCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeployResult"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    serving_stop_deployment: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    serving_list_deployment_events: {
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
                    "application/json": components["schemas"]["DeploymentEvent"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    serving_get_deployment_log: {
        parameters: {
            query?: {
                lines?: number;
                replica?: number | null;
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    serving_get_deployment_metrics: {
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
                    "text/plain": string;
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    serving_list_deployment_replicas: {
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
                    "application/json": components["schemas"]["Replica"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    serving_restart_deployment: {
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
                    "application/json": components["schemas"]["DeployResult"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    serving_wake_deployment: {
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
                    "application/json": components["schemas"]["Deployment"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    serving_list_machines: {
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
                    "application/json": components["schemas"]["ServingMachine"][];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    serving_plan_deployment: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeploymentCreate"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeploymentPlan"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    system_get_system_info: {
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
                    "application/json": components["schemas"]["SystemInfo"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    traces_get_facets: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    traces_list_spans: {
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
                /** @description Id of the last span of the previous page. */
                after?: string | null;
                limit?: number;
                /** @description Only spans with a score, or with a correction. */
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    traces_ingest_spans: {
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
                    "application/json": components["schemas"]["IngestResult"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    traces_count_spans: {
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
                /** @description Stop counting at this number. */
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
                    "application/json": components["schemas"]["SpanCount"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    traces_stream_spans: {
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
                /** @description Resume after this event. The header Last-Event-ID takes precedence. */
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
            /** @description Server-sent events: `spans` (a SpanBatch). The stream ends when the server shuts down. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    traces_get_span: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    traces_get_trace: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    training_plan_run: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TrainingRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrainingPlan"] | components["schemas"]["ProviderPlan"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    training_start_probe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TrainingRequest"];
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    training_list_recipes: {
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
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    training_start_run: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TrainingRequest"];
            };
        };
        responses: {
            /** @description Successful Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrainingStarted"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    training_resume_run: {
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
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrainingStarted"];
                };
            };
            401: components["responses"]["401"];
            403: components["responses"]["403"];
            404: components["responses"]["404"];
            409: components["responses"]["409"];
            422: components["responses"]["422"];
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
    health_get_health: {
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
            500: components["responses"]["500"];
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
    health_get_metrics: {
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
            500: components["responses"]["500"];
            503: components["responses"]["503"];
        };
    };
}
