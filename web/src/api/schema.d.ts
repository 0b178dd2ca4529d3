// Written by `make docs` from openapi.json. Do not edit.

export interface paths {
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
        get: operations["datasets_api_v1_data_datasets_get"];
        put?: never;
        post?: never;
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
        get: operations["versions_api_v1_data_datasets__name__versions_get"];
        put?: never;
        /**
         * Import Files
         * @description Upload files and import them as the dataset's next version. The job's result has its ref.
         */
        post: operations["import_files_api_v1_data_datasets__name__versions_post"];
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
        post: operations["append_rows_api_v1_data_datasets__name__rows_post"];
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
        get: operations["version_api_v1_data_versions__ref__get"];
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
         * @description The rows after number `after`; of one split, or with some text in question or answer.
         */
        get: operations["rows_api_v1_data_versions__ref__rows_get"];
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
         * @description Every change that cleaning made, by row.
         */
        get: operations["changes_api_v1_data_versions__ref__changes_get"];
        put?: never;
        post?: never;
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
        get: operations["report_api_v1_data_versions__ref__report_get"];
        put?: never;
        post?: never;
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
        post: operations["profile_api_v1_data_versions__ref__profile_post"];
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
        post: operations["clean_api_v1_data_versions__ref__clean_post"];
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
        post: operations["split_api_v1_data_versions__ref__split_post"];
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
         * @description What differs between two versions: the counts, and the first differing rows.
         */
        get: operations["diff_api_v1_data_diff_get"];
        put?: never;
        post?: never;
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
        get: operations["recipes_api_v1_training_recipes_get"];
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
        post: operations["plan_api_v1_training_plan_post"];
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
        post: operations["start_api_v1_training_runs_post"];
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
        get: operations["runs_api_v1_experiments_runs_get"];
        put?: never;
        /**
         * Start
         * @description Begin a run whose figures you send yourself. (Our own trainer is started at training.)
         */
        post: operations["start_api_v1_experiments_runs_post"];
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
        get: operations["run_api_v1_experiments_runs__id__get"];
        put?: never;
        post?: never;
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
        get: operations["metrics_api_v1_experiments_runs__id__metrics_get"];
        put?: never;
        /**
         * Log
         * @description Write figures. A step that is sent again takes the newer values.
         */
        post: operations["log_api_v1_experiments_runs__id__metrics_post"];
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
        post: operations["finish_api_v1_experiments_runs__id__finish_post"];
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
        get: operations["events_api_v1_experiments_runs__id__events_get"];
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
         * @description What differs between runs: settings, best and last figures.
         */
        get: operations["compare_api_v1_experiments_compare_get"];
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
        get: operations["scorers_api_v1_evals_scorers_get"];
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
        get: operations["runs_api_v1_evals_runs_get"];
        put?: never;
        /**
         * Run
         * @description Evaluate a model on a dataset split. The run goes on in a job.
         */
        post: operations["run_api_v1_evals_runs_post"];
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
        get: operations["show_api_v1_evals_runs__id__get"];
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
        get: operations["examples_api_v1_evals_runs__id__examples_get"];
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
         * Compare
         * @description Run `b` against run `a` on the same examples: differences, intervals, exact tests, and what changed.
         */
        get: operations["compare_api_v1_evals_compare_get"];
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
        get: operations["models_api_v1_registry_models_get"];
        put?: never;
        /**
         * Import Model
         * @description Import a base model. The job's result has the refs `model` and, for a GGUF, `gguf`.
         */
        post: operations["import_model_api_v1_registry_models_post"];
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
        get: operations["versions_api_v1_registry_models__name__versions_get"];
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
        get: operations["version_api_v1_registry_versions__ref__get"];
        put?: never;
        post?: never;
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
        get: operations["aliases_api_v1_registry_models__name__aliases_get"];
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
        put: operations["set_alias_api_v1_registry_models__name__aliases__alias__put"];
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
        get: operations["lineage_api_v1_registry_lineage_get"];
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
        get: operations["deployment_api_v1_serving_deployments__name__get"];
        /**
         * Deploy
         * @description Serve a model under that name. A tuned model answers once its parity check has passed: see the job.
         */
        put: operations["deploy_api_v1_serving_deployments__name__put"];
        post?: never;
        /**
         * Stop
         * @description Serve it no more.
         */
        delete: operations["stop_api_v1_serving_deployments__name__delete"];
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
        get: operations["deployments_api_v1_serving_deployments_get"];
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
        post: operations["restart_api_v1_serving_deployments__name__restart_post"];
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
         * Log
         * @description The end of its engine's log.
         */
        get: operations["log_api_v1_serving_deployments__name__log_get"];
        put?: never;
        post?: never;
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
        get: operations["list_routes_api_v1_gateway_routes_get"];
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
        get: operations["get_route_api_v1_gateway_routes__name__get"];
        /**
         * Put Route
         * @description Make a route or give it new targets. The same targets again change nothing.
         */
        put: operations["put_route_api_v1_gateway_routes__name__put"];
        post?: never;
        /**
         * Delete Route
         * @description Remove a route; its history stays.
         */
        delete: operations["delete_route_api_v1_gateway_routes__name__delete"];
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
        get: operations["history_api_v1_gateway_routes__name__history_get"];
        put?: never;
        post?: never;
        delete?: never;
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
         * @description The configured providers, without their keys, and whether each answers at this moment.
         */
        get: operations["providers_api_v1_gateway_providers_get"];
        put?: never;
        post?: never;
        delete?: never;
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
        get: operations["models_api_v1_gateway_models_get"];
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
         * @description Calls, errors, tokens, cost and latencies over time, and in all by group: for charts and for bills.
         */
        get: operations["usage_api_v1_gateway_usage_get"];
        put?: never;
        post?: never;
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
        get: operations["bases_api_v1_knowledge_bases_get"];
        put?: never;
        post?: never;
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
        get: operations["documents_api_v1_knowledge_bases__base__documents_get"];
        put?: never;
        /**
         * Add Documents
         * @description Upload files into a base, made by this where it is new. The job's result lists each document and its state.
         */
        post: operations["add_documents_api_v1_knowledge_bases__base__documents_post"];
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
        delete: operations["remove_document_api_v1_knowledge_bases__base__documents__path__delete"];
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
        get: operations["chunks_api_v1_knowledge_documents__document_id__chunks_get"];
        put?: never;
        post?: never;
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
         * Search
         * @description The passages that fit a question, with their scores in both searches.
         */
        get: operations["search_api_v1_knowledge_bases__base__search_get"];
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
        post: operations["ask_api_v1_knowledge_bases__base__ask_post"];
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
         * @description The spans that match, newest first, without their bodies.
         */
        get: operations["spans_api_v1_traces_spans_get"];
        put?: never;
        /**
         * Ingest
         * @description Store spans that another program measured. Answered when they are committed; known ones stay as they are.
         */
        post: operations["ingest_api_v1_traces_spans_post"];
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
         * @description How many spans match.
         */
        get: operations["count_api_v1_traces_spans_count_get"];
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
         * Facets
         * @description What the spans of the last seven days can be filtered by: routes, models, kinds, statuses and keys.
         */
        get: operations["facets_api_v1_traces_facets_get"];
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
        get: operations["span_api_v1_traces_spans__id__get"];
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
        get: operations["trace_api_v1_traces_traces__trace_id__get"];
        put?: never;
        post?: never;
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
        get: operations["scores_api_v1_feedback_get"];
        put?: never;
        /**
         * Add
         * @description Score an answer by its span: a value, a comment, a correction. The same id again is the same score.
         */
        post: operations["add_api_v1_feedback_post"];
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
        get: operations["summary_api_v1_feedback_summary_get"];
        put?: never;
        post?: never;
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
         * @description What a harvest would give: its counts, the disagreements, and the first 50 examples.
         */
        get: operations["preview_api_v1_feedback_harvest_get"];
        put?: never;
        /**
         * Harvest
         * @description Make corrections and good answers into rows of the dataset's next version.
         */
        post: operations["harvest_api_v1_feedback_harvest_post"];
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
        get: operations["projects_api_v1_access_projects_get"];
        put?: never;
        /**
         * Create Project
         * @description Make a project (owners).
         */
        post: operations["create_project_api_v1_access_projects_post"];
        delete?: never;
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
        get: operations["users_api_v1_access_users_get"];
        put?: never;
        /**
         * Create User
         * @description Make an account (owners). A password that Vong chose is in this answer and nowhere else.
         */
        post: operations["create_user_api_v1_access_users_post"];
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
        delete: operations["remove_user_api_v1_access_users__email__delete"];
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
        put: operations["reset_password_api_v1_access_users__email__password_put"];
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
        get: operations["keys_api_v1_access_keys_get"];
        put?: never;
        /**
         * Create Key
         * @description Make an API key (owners). The secret is in this answer and nowhere else.
         */
        post: operations["create_key_api_v1_access_keys_post"];
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
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke Key
         * @description Revoke a key, named by its name, prefix or id (owners).
         */
        delete: operations["revoke_key_api_v1_access_keys__name__delete"];
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
        get: operations["session_api_v1_access_session_get"];
        /**
         * Switch Project
         * @description Look at another project from now on.
         */
        put: operations["switch_project_api_v1_access_session_put"];
        /**
         * Sign In
         * @description Sign in: the answer sets the cookie of the session. 429 after too many failed attempts.
         */
        post: operations["sign_in_api_v1_access_session_post"];
        /**
         * Sign Out
         * @description Sign out: this session ends at once.
         */
        delete: operations["sign_out_api_v1_access_session_delete"];
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
        put: operations["change_password_api_v1_access_password_put"];
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
        get: operations["canaries_api_v1_loop_canaries_get"];
        put?: never;
        /**
         * Start Canary
         * @description Start a canary on a route.
         */
        post: operations["start_canary_api_v1_loop_canaries_post"];
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
        get: operations["canary_api_v1_loop_canaries__id__get"];
        put?: never;
        post?: never;
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
        post: operations["evaluate_api_v1_loop_canaries__id__evaluate_post"];
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
        post: operations["decide_api_v1_loop_canaries__id__decide_post"];
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
        get: operations["list_turns_api_v1_loop_turns_get"];
        put?: never;
        /**
         * Start Turn
         * @description Run a whole turn of the loop as a job; its result is the report.
         */
        post: operations["start_turn_api_v1_loop_turns_post"];
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
        get: operations["show_turn_api_v1_loop_turns__id__get"];
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
        get: operations["list_jobs_api_v1_jobs_get"];
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
        get: operations["show_api_v1_jobs__id__get"];
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
        get: operations["log_api_v1_jobs__id__log_get"];
        put?: never;
        post?: never;
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
        get: operations["events_api_v1_jobs__id__events_get"];
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
        post: operations["cancel_api_v1_jobs__id__cancel_post"];
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
        post: operations["retry_api_v1_jobs__id__retry_post"];
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
        get: operations["health_health_get"];
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
        get: operations["prometheus_metrics_get"];
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
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Email */
            email: string;
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
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            /** Alias */
            alias: string;
            /** Model */
            model: string;
            /**
             * Evidence
             * @default {}
             */
            evidence: {
                [key: string]: unknown;
            };
            /** Reason */
            reason?: string | null;
            /** Moved By */
            moved_by?: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * AliasWanted
         * @description Where the alias shall point (a ref, a number or a hash), and why.
         */
        AliasWanted: {
            /** Model */
            model: string;
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
         * Answer
         * @description An answer with what it rests on. `answered` is False where nothing fits; `unsupported` lists its sentences that
         *     no passage supports: read those with care.
         */
        Answer: {
            /** Question */
            question: string;
            /** Answered */
            answered: boolean;
            /** Text */
            text: string;
            /**
             * Citations
             * @default []
             */
            citations: components["schemas"]["Citation"][];
            /**
             * Unsupported
             * @default []
             */
            unsupported: string[];
            /**
             * Passages
             * @default []
             */
            passages: components["schemas"]["Passage"][];
            /** Index Version */
            index_version: string;
            /** Model */
            model?: string | null;
            /** Span Id */
            span_id?: string | null;
        };
        /**
         * Base
         * @description A knowledge base. `index_version` is a hash of its documents, its chunk settings and its embedder.
         */
        Base: {
            /** Name */
            name: string;
            /** Index Version */
            index_version: string;
            /** Embedder */
            embedder: string;
            /** Documents */
            documents: number;
            /** Chunks */
            chunks: number;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
        };
        /** Body_add_documents_api_v1_knowledge_bases__base__documents_post */
        Body_add_documents_api_v1_knowledge_bases__base__documents_post: {
            /** Files */
            files: string[];
        };
        /** Body_import_files_api_v1_data_datasets__name__versions_post */
        Body_import_files_api_v1_data_datasets__name__versions_post: {
            /** File */
            file: string[];
            /** Format */
            format?: string | null;
            /**
             * Options
             * @description The format's options as a JSON object.
             */
            options?: string | null;
            /**
             * On Error
             * @default stop
             * @enum {string}
             */
            on_error: "stop" | "skip";
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
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Route */
            route: string;
            /** Candidate */
            candidate: string;
            /** Share */
            share: number;
            /** Metric */
            metric: string;
            /** Alpha */
            alpha: number;
            /** Margin */
            margin: number;
            /**
             * Goal
             * @enum {string}
             */
            goal: "better" | "not_worse";
            /** Min Pairs */
            min_pairs: number;
            /** Max Pairs */
            max_pairs: number;
            /** Before */
            before: components["schemas"]["Target"][];
            /** Route Version */
            route_version: string;
            /**
             * Status
             * @enum {string}
             */
            status: "running" | "promoted" | "rolled_back" | "kept" | "superseded";
            /** Reason */
            reason?: string | null;
            /** Decided By */
            decided_by?: string | null;
            /** Model */
            model?: string | null;
            evidence: components["schemas"]["Evidence"];
            /**
             * Trail
             * @default []
             */
            trail: components["schemas"]["TrailPoint"][];
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /** Decided At */
            decided_at?: string | null;
        };
        /**
         * CanaryPlan
         * @description How the candidate is tried on live traffic.
         */
        CanaryPlan: {
            /**
             * Share
             * @default 0.5
             */
            share: number;
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
        };
        /**
         * CanaryWanted
         * @description The canary to start: `share` of `route` goes to `candidate` until the scores named `metric` decide.
         *
         *     `goal`: promote when shown `better`, or when shown `not_worse` by more than `margin`. Shown worse by more than
         *     `margin`: roll back. `alpha` bounds the chance of any wrong decision.
         */
        CanaryWanted: {
            /** Route */
            route: string;
            /** Candidate */
            candidate: string;
            /**
             * Share
             * @default 0.1
             */
            share: number;
            /**
             * Metric
             * @default quality
             */
            metric: string;
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
             * Goal
             * @default better
             * @enum {string}
             */
            goal: "better" | "not_worse";
            /**
             * Min Pairs
             * @default 10
             */
            min_pairs: number;
            /**
             * Max Pairs
             * @default 500
             */
            max_pairs: number;
        };
        /**
         * Chunk
         * @description A passage of a document. `start` and `end` count characters of the document's extracted text; `heading` is the
         *     path of headings above it.
         */
        Chunk: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /**
             * Document Id
             * Format: uuid
             */
            document_id: string;
            /** Position */
            position: number;
            /** Text */
            text: string;
            /**
             * Heading
             * @default
             */
            heading: string;
            /** Start */
            start: number;
            /** End */
            end: number;
            /**
             * Metadata
             * @default {}
             */
            metadata: {
                [key: string]: unknown;
            };
        };
        /**
         * Citation
         * @description A passage that the answer rests on. `stated` where the model cited it itself, otherwise it was found by
         *     comparing the answer's sentences with the passages; `similarity` is that of the sentence and the passage.
         */
        Citation: {
            /** Number */
            number: number;
            /** Path */
            path: string;
            /** Title */
            title: string;
            /** Heading */
            heading: string;
            /** Quote */
            quote: string;
            /** Start */
            start: number;
            /** End */
            end: number;
            /** Stated */
            stated: boolean;
            /** Similarity */
            similarity: number;
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
             * Tidy
             * @default true
             */
            tidy: boolean;
            /**
             * Personal
             * @default mask
             * @enum {string}
             */
            personal: "mask" | "drop" | "keep";
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
            kinds: ("email" | "iban" | "card" | "ip" | "birth_date" | "phone")[];
            /**
             * Empty
             * @default drop
             * @enum {string}
             */
            empty: "drop" | "keep";
            /**
             * Conflicts
             * @default majority
             * @enum {string}
             */
            conflicts: "majority" | "drop" | "keep";
            /**
             * Ties
             * @default drop
             * @enum {string}
             */
            ties: "drop" | "keep";
            /**
             * Exact
             * @default drop
             * @enum {string}
             */
            exact: "drop" | "keep";
            /**
             * Near
             * @default drop
             * @enum {string}
             */
            near: "drop" | "keep";
            /**
             * Threshold
             * @default 0.8
             */
            threshold: number;
            /**
             * Labels
             * @default []
             */
            labels: string[];
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
             *       "tidy": true,
             *       "personal": "mask",
             *       "kinds": [
             *         "email",
             *         "iban",
             *         "card",
             *         "ip",
             *         "birth_date",
             *         "phone"
             *       ],
             *       "empty": "drop",
             *       "conflicts": "majority",
             *       "ties": "drop",
             *       "exact": "drop",
             *       "near": "drop",
             *       "threshold": 0.8,
             *       "labels": []
             *     }
             */
            settings: components["schemas"]["CleanSettings"];
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
         *     steps are 11.5 % wide, those of minutes are exact.
         */
        Consumed: {
            /** Group */
            group?: string | null;
            /**
             * Calls
             * @default 0
             */
            calls: number;
            /**
             * Errors
             * @default 0
             */
            errors: number;
            /** Input Tokens */
            input_tokens?: number | null;
            /** Output Tokens */
            output_tokens?: number | null;
            /** Cost */
            cost?: number | null;
            /**
             * Priced
             * @default 0
             */
            priced: number;
            /** Latency P50 */
            latency_p50?: number | null;
            /** Latency P95 */
            latency_p95?: number | null;
            /** First Token P50 */
            first_token_p50?: number | null;
        };
        /**
         * Count
         * @description How many there are.
         */
        Count: {
            /** Count */
            count: number;
        };
        /**
         * Curve
         * @description A figure over the steps. `total` is how many points there are; `points` may be fewer, chosen by LTTB.
         */
        Curve: {
            /** Name */
            name: string;
            /** Total */
            total: number;
            /** Points */
            points: components["schemas"]["Point"][];
        };
        /**
         * DatasetVersion
         * @description A named, immutable list of examples. `hash` is the sha256 over the hashes of its rows, in order.
         */
        DatasetVersion: {
            /** Name */
            name: string;
            /** Hash */
            hash: string;
            /** Number */
            number: number;
            /** Rows */
            rows: number;
            /** Blob */
            blob: string;
            /**
             * Parents
             * @default []
             */
            parents: string[];
            operation: components["schemas"]["Operation"];
            /**
             * Splits
             * @default {}
             */
            splits: {
                [key: string]: number;
            };
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * DecisionWanted
         * @description A decision by hand, and why.
         */
        DecisionWanted: {
            /**
             * Verdict
             * @enum {string}
             */
            verdict: "promote" | "roll_back";
            /** Reason */
            reason: string;
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
            /** Name */
            name: string;
            /** Model */
            model: string;
            /** Engine */
            engine: string;
            /** Group */
            group: string;
            /**
             * Wanted
             * @default running
             * @enum {string}
             */
            wanted: "running" | "stopped";
            /**
             * State
             * @default pending
             * @enum {string}
             */
            state: "pending" | "checking" | "starting" | "ready" | "failed" | "stopped";
            /** Reason */
            reason?: string | null;
            /** Url */
            url?: string | null;
            /** Pid */
            pid?: number | null;
            /** Memory */
            memory?: number | null;
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
            /** Parity */
            parity?: {
                [key: string]: unknown;
            } | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
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
             * Threads
             * @default 0
             */
            threads: number;
            /**
             * Context
             * @default 0
             */
            context: number;
            /**
             * Batch
             * @default 8
             */
            batch: number;
            /**
             * Prefix Bytes
             * @default 256000000
             */
            prefix_bytes: number;
            /**
             * Parity
             * @default required
             * @enum {string}
             */
            parity: "required" | "skip";
        };
        /**
         * DeploymentWanted
         * @description What to serve: a model ref (`triage`, `triage@1f0c9a27b4de`, `triage:prod`), by which engine, and how.
         */
        DeploymentWanted: {
            /** Model */
            model: string;
            /** Engine */
            engine?: string | null;
            /**
             * @default {
             *       "threads": 0,
             *       "context": 0,
             *       "batch": 8,
             *       "prefix_bytes": 256000000,
             *       "parity": "required"
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
            /** B */
            b: string;
            /** Added */
            added: number;
            /** Removed */
            removed: number;
            /** Changed */
            changed: number;
            /** Unchanged */
            unchanged: number;
            /** Metadata Changed */
            metadata_changed: number;
            /** Rows */
            rows: components["schemas"]["RowChange"][];
        };
        /**
         * Disagreement
         * @description A span that several people corrected differently: their last word each. It is left to people.
         */
        Disagreement: {
            /**
             * Span Id
             * Format: uuid
             */
            span_id: string;
            /** Corrections */
            corrections: {
                [key: string]: string;
            };
        };
        /**
         * Document
         * @description A file of a knowledge base. `hash` is the sha256 of its bytes; `state` is `ready` or `failed` with a `reason`.
         */
        Document: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Base */
            base: string;
            /** Path */
            path: string;
            /** Hash */
            hash: string;
            /** Media Type */
            media_type: string;
            /** Title */
            title: string;
            /** State */
            state: string;
            /** Reason */
            reason?: string | null;
            /**
             * Chunks
             * @default 0
             */
            chunks: number;
            /**
             * Characters
             * @default 0
             */
            characters: number;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * Duplicates
         * @description Groups of rows that repeat each other; `extra` rows would go if one of each group stayed.
         */
        Duplicates: {
            /** Groups */
            groups: number;
            /** Extra */
            extra: number;
            /** Listed */
            listed: number[][];
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
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            /** Model */
            model: string;
            /** Dataset */
            dataset: string;
            /** Split */
            split: string;
            /** Scorers */
            scorers: string[];
            /** Status */
            status: string;
            /** Examples */
            examples: number;
            /** Done */
            done: number;
            /**
             * Failed
             * @default 0
             */
            failed: number;
            /**
             * Scores
             * @default {}
             */
            scores: {
                [key: string]: number;
            };
            /**
             * Signatures
             * @default {}
             */
            signatures: {
                [key: string]: string;
            };
            /**
             * Settings
             * @default {}
             */
            settings: {
                [key: string]: unknown;
            };
            /** Latency P50 */
            latency_p50?: number | null;
            /** Latency P95 */
            latency_p95?: number | null;
            /**
             * Input Tokens
             * @default 0
             */
            input_tokens: number;
            /**
             * Output Tokens
             * @default 0
             */
            output_tokens: number;
            /** Cost */
            cost?: number | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Finished At */
            finished_at?: string | null;
        };
        /**
         * Evidence
         * @description The figures as they stand, or stood at the decision.
         *
         *     `candidate` and `incumbent` are mean scores over `pairs`; `difference` is the first less the second, and `low` and
         *     `high` bound it at confidence 1 - alpha, at every moment at once. `e_better` and `e_worse` decide at `threshold`.
         */
        Evidence: {
            /** Pairs */
            pairs: number;
            /** Candidate Scores */
            candidate_scores: number;
            /** Incumbent Scores */
            incumbent_scores: number;
            /** Candidate */
            candidate?: number | null;
            /** Incumbent */
            incumbent?: number | null;
            /** Difference */
            difference?: number | null;
            /**
             * Low
             * @default -1
             */
            low: number;
            /**
             * High
             * @default 1
             */
            high: number;
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
            /** Threshold */
            threshold: number;
            /** Alpha */
            alpha: number;
            /** Margin */
            margin: number;
            /**
             * Goal
             * @enum {string}
             */
            goal: "better" | "not_worse";
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
            /** Messages */
            messages: components["schemas"]["Message"][];
            completion?: components["schemas"]["Message"] | null;
            rejected?: components["schemas"]["Message"] | null;
            /** Tools */
            tools?: {
                [key: string]: unknown;
            }[] | null;
            /**
             * Metadata
             * @default {}
             */
            metadata: {
                [key: string]: unknown;
            };
            /**
             * Weight
             * @default 1
             */
            weight: number;
            origin?: components["schemas"]["Origin"] | null;
        };
        /**
         * Facet
         * @description One value of a field, and how many spans have it.
         */
        Facet: {
            /** Value */
            value: string;
            /** Count */
            count: number;
        };
        /**
         * Facets
         * @description What spans can be filtered by: the values of the last seven days with their counts, most first, 100 at most.
         */
        Facets: {
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /**
             * Kinds
             * @default []
             */
            kinds: components["schemas"]["Facet"][];
            /**
             * Statuses
             * @default []
             */
            statuses: components["schemas"]["Facet"][];
            /**
             * Routes
             * @default []
             */
            routes: components["schemas"]["Facet"][];
            /**
             * Models
             * @default []
             */
            models: components["schemas"]["Facet"][];
            /**
             * Keys
             * @default []
             */
            keys: components["schemas"]["Facet"][];
        };
        /**
         * Finding
         * @description One thing to know: `error` spoils results, `warning` costs quality, `info` is worth a look.
         */
        Finding: {
            /**
             * Severity
             * @enum {string}
             */
            severity: "error" | "warning" | "info";
            /** Code */
            code: string;
            /** Text */
            text: string;
            /** Next Step */
            next_step: string;
            /** Rows */
            rows: number;
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
            /** Examples */
            examples: components["schemas"]["Example"][];
            /** Corrections */
            corrections: number;
            /** Good */
            good: number;
            /** Disagreements */
            disagreements: components["schemas"]["Disagreement"][];
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
            /** Split */
            split?: string | null;
            /**
             * Spans
             * @default []
             */
            spans: string[];
            /** Route */
            route?: string | null;
            /** Model Version */
            model_version?: string | null;
            /** Source */
            source?: ("human" | "judge" | "program" | "replay") | null;
            /** Since */
            since?: string | null;
            /** Until */
            until?: string | null;
            /** Dataset */
            dataset: string;
            /**
             * Away From
             * @default [
             *       "test",
             *       "validation"
             *     ]
             */
            away_from: string[];
        };
        /**
         * Harvested
         * @description The dataset version that has the harvest in it, and what the harvest was.
         */
        Harvested: {
            /** Ref */
            ref: string;
            /** Rows */
            rows: number;
            /** Splits */
            splits: {
                [key: string]: number;
            };
            /** Added */
            added: number;
            /** Corrections */
            corrections: number;
            /** Good */
            good: number;
            /** Held Back */
            held_back: number;
            /** Disagreements */
            disagreements: components["schemas"]["Disagreement"][];
            /** Passed Over */
            passed_over: {
                [key: string]: number;
            };
        };
        /**
         * Health
         * @description How the server stands. `waiting_spans` are taken and not committed yet, `dropped_spans` were refused.
         */
        Health: {
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "degraded";
            /** Version */
            version: string;
            /** Database */
            database: boolean;
            /** Waiting Spans */
            waiting_spans: number;
            /** Dropped Spans */
            dropped_spans: number;
        };
        /**
         * ImportWanted
         * @description What to import: what ships, or a .gguf file or a folder of safetensors on the worker's machine.
         */
        ImportWanted: {
            /**
             * Source
             * @default shipped:smollm2-135m-instruct
             */
            source: string;
            /** Name */
            name?: string | null;
            /** Licence */
            licence?: string | null;
            /**
             * Convert
             * @default true
             */
            convert: boolean;
        };
        /**
         * Job
         * @description A job: what to do (`kind`, `params`), how it stands, and how it ended. `attempts` counts starts.
         */
        Job: {
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
             * Status
             * @enum {string}
             */
            status: "queued" | "running" | "finished" | "failed" | "cancelled";
            /**
             * @default {
             *       "done": 0,
             *       "unit": "",
             *       "message": ""
             *     }
             */
            progress: components["schemas"]["Progress"];
            /** Result */
            result?: {
                [key: string]: unknown;
            } | null;
            /** Error */
            error?: string | null;
            /**
             * Attempts
             * @default 0
             */
            attempts: number;
            /** Worker */
            worker?: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Started At */
            started_at?: string | null;
            /** Finished At */
            finished_at?: string | null;
        };
        /**
         * Judgement
         * @description What is said of an answer. At least one of `value` (0..1, 1 is best), `comment` and `correction` (the text that
         *     the answer should have been) is there. The same `id` again is the same score.
         */
        Judgement: {
            /**
             * Span Id
             * Format: uuid
             */
            span_id: string;
            /** Id */
            id?: string | null;
            /**
             * Name
             * @default quality
             */
            name: string;
            /** Value */
            value?: number | null;
            /** Comment */
            comment?: string | null;
            /** Correction */
            correction?: string | null;
            /**
             * Source
             * @default human
             * @enum {string}
             */
            source: "human" | "judge" | "program" | "replay";
            /** Author */
            author?: string | null;
        };
        /**
         * Key
         * @description What may be shown of a key: never the key itself.
         */
        Key: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            /** Prefix */
            prefix: string;
            /**
             * Role
             * @enum {string}
             */
            role: "owner" | "member" | "viewer";
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Expires At */
            expires_at?: string | null;
            /** Revoked At */
            revoked_at?: string | null;
            /** Last Used At */
            last_used_at?: string | null;
        };
        /**
         * KeyWanted
         * @description The key to make. An owner may name another `project` than their own.
         */
        KeyWanted: {
            /** Name */
            name: string;
            /**
             * Role
             * @default member
             * @enum {string}
             */
            role: "owner" | "member" | "viewer";
            /** Expires At */
            expires_at?: string | null;
            /** Project */
            project?: string | null;
        };
        /**
         * LabelBalance
         * @description One label. `evenness` is entropy over its greatest value (1 is balanced), `ratio` largest over smallest.
         */
        LabelBalance: {
            /** Path */
            path: string;
            /** Values */
            values: {
                [key: string]: number;
            };
            /** Evenness */
            evenness: number;
            /** Ratio */
            ratio: number;
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
            /** Same */
            same: number;
            /** Near */
            near: number;
            /** Listed */
            listed: [
                number,
                number
            ][];
        };
        /**
         * Lengths
         * @description A distribution. `histogram` pairs the upper end of each bin (a power of two) with the rows in it.
         */
        Lengths: {
            /** Least */
            least: number;
            /** Median */
            median: number;
            /** Mean */
            mean: number;
            /** P95 */
            p95: number;
            /** Most */
            most: number;
            /** Histogram */
            histogram: [
                number,
                number
            ][];
        };
        /**
         * Lineage
         * @description Both ways from one thing. `backwards` ends at files, spans and people, `forwards` at counts of answers.
         */
        Lineage: {
            /** Of */
            of: string;
            backwards?: components["schemas"]["Node"] | null;
            forwards?: components["schemas"]["Node"] | null;
        };
        /**
         * LogLine
         * @description One line of a job's log. `number` counts from 1 within the job.
         */
        LogLine: {
            /** Number */
            number: number;
            /**
             * At
             * Format: date-time
             */
            at: string;
            /** Line */
            line: string;
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
         * Message
         * @description A chat message. Fields that a provider adds beyond these are kept.
         */
        Message: {
            /**
             * Role
             * @enum {string}
             */
            role: "system" | "developer" | "user" | "assistant" | "tool";
            /** Content */
            content?: string | {
                [key: string]: unknown;
            }[] | null;
            /** Name */
            name?: string | null;
            /** Tool Calls */
            tool_calls?: {
                [key: string]: unknown;
            }[] | null;
            /** Tool Call Id */
            tool_call_id?: string | null;
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
            /** N */
            n: number;
            /** A */
            a: number;
            /** B */
            b: number;
            /** Difference */
            difference: number;
            /** Low */
            low: number;
            /** High */
            high: number;
            /** Wins */
            wins: number;
            /** Losses */
            losses: number;
            /** Ties */
            ties: number;
            /** Mcnemar P */
            mcnemar_p?: number | null;
            /** Minimum Detectable */
            minimum_detectable?: number | null;
        };
        /**
         * Model
         * @description A named model: how many versions it has, the newest, and where its aliases point (alias -> ref).
         */
        Model: {
            /** Name */
            name: string;
            /** Versions */
            versions: number;
            newest: components["schemas"]["ModelVersion"];
            /**
             * Aliases
             * @default {}
             */
            aliases: {
                [key: string]: string;
            };
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
            /** Name */
            name: string;
            /** Hash */
            hash: string;
            /** Number */
            number: number;
            /**
             * Kind
             * @enum {string}
             */
            kind: "base" | "adapter" | "merged";
            /**
             * Format
             * @enum {string}
             */
            format: "safetensors" | "gguf";
            /** Files */
            files: {
                [key: string]: string;
            };
            /** Bytes */
            bytes: number;
            /** Licence */
            licence?: string | null;
            /** Chat Template */
            chat_template?: string | null;
            /** Base */
            base?: string | null;
            /** Dataset */
            dataset?: string | null;
            /** Run */
            run?: string | null;
            /**
             * Metadata
             * @default {}
             */
            metadata: {
                [key: string]: unknown;
            };
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
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
            user: components["schemas"]["User"];
            /** Password */
            password?: string | null;
        };
        /**
         * Node
         * @description One thing and what it came from (backwards) or what came of it (forwards). `more` counts children not shown.
         */
        Node: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "answer" | "deployment" | "model" | "run" | "dataset" | "row" | "file" | "span" | "document" | "annotator";
            /** Ref */
            ref: string;
            /**
             * Title
             * @default
             */
            title: string;
            /**
             * Detail
             * @default {}
             */
            detail: {
                [key: string]: unknown;
            };
            /**
             * Children
             * @default []
             */
            children: components["schemas"]["Node"][];
            /**
             * More
             * @default 0
             */
            more: number;
        };
        /**
         * Operation
         * @description What made a dataset version out of its parents: its name, its settings, and the count of each change made.
         */
        Operation: {
            /** Name */
            name: string;
            /**
             * Settings
             * @default {}
             */
            settings: {
                [key: string]: unknown;
            };
            /**
             * Changes
             * @default {}
             */
            changes: {
                [key: string]: number;
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
            /**
             * Kind
             * @enum {string}
             */
            kind: "span" | "row" | "file" | "document" | "annotator";
            /** Id */
            id: string;
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
            /** Title */
            title: string;
            /** Score */
            score: number;
            /** Similarity */
            similarity: number;
            /** Vector Rank */
            vector_rank?: number | null;
            /** Text Rank */
            text_rank?: number | null;
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
         * @description One kind of personal data: how often, in how many rows, and in which. The values themselves are never kept.
         */
        Personal: {
            /** Found */
            found: number;
            /** Rows */
            rows: number;
            /** Listed */
            listed: number[];
        };
        /**
         * Plan
         * @description A turn. `rows` is a shipped file (`shipped:tickets.jsonl`) or rows imported before (`dataset:REF`), `base` a
         *     shipped model (`shipped:smollm2-135m-instruct`) or a registered one (`model:REF`), `handbook` a shipped folder or a
         *     knowledge base that exists (`base:NAME`).
         *
         *     `fields` are the closed JSON fields that an answer is judged by; `splits` the shares of the rows, whose names the
         *     steps use: `train` and `validation` for training, `traffic` for the replayed requests, `test` for the evaluations,
         *     `canary` for the replayed requests of the canary. No row of the last three is ever trained on.
         */
        "Plan-Input": {
            /**
             * Name
             * @default triage
             */
            name: string;
            /**
             * Dataset
             * @default tickets
             */
            dataset: string;
            /**
             * Rows
             * @default shipped:tickets.jsonl
             */
            rows: string;
            /**
             * Input
             * @default text
             */
            input: string;
            /**
             * Output
             * @default triage
             */
            output: string;
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
             * Stratify
             * @default completion.intent
             */
            stratify: string;
            prompts: components["schemas"]["Prompts"];
            /** Splits */
            splits: {
                [key: string]: number;
            };
            /**
             * Seed
             * @default 0
             */
            seed: number;
            /**
             * Base
             * @default shipped:smollm2-135m-instruct
             */
            base: string;
            /**
             * Engine
             * @default transformers
             */
            engine: string;
            /**
             * Shots
             * @default 3
             */
            shots: number;
            /**
             * Max Tokens
             * @default 72
             */
            max_tokens: number;
            /**
             * Training
             * @default {}
             */
            training: {
                [key: string]: unknown;
            };
            /**
             * @default {
             *       "share": 0.5,
             *       "alpha": 0.05,
             *       "margin": 0,
             *       "min_pairs": 10
             *     }
             */
            canary: components["schemas"]["CanaryPlan"];
            /**
             * Handbook
             * @default shipped:handbook
             */
            handbook: string;
            /**
             * Questions
             * @default []
             */
            questions: string[];
        };
        /**
         * Plan
         * @description An estimate. Bytes and seconds; `rate_source` says where `tokens_per_second` comes from. `seconds` holds
         *     training and evaluations, not the load of the model.
         */
        "Plan-Output": {
            /** Rows */
            rows: number;
            /** Validation Rows */
            validation_rows: number;
            /** Left Out */
            left_out: number;
            /** Steps */
            steps: number;
            /** Tokens */
            tokens: number;
            /** Tokens Per Second */
            tokens_per_second: number;
            /** Rate Source */
            rate_source: string;
            /** Seconds */
            seconds: number;
            /** Memory Bytes */
            memory_bytes: number;
            /** Parameters */
            parameters: number;
            /** Trained Parameters */
            trained_parameters: number;
            /**
             * Notes
             * @default []
             */
            notes: string[];
        };
        /**
         * Point
         * @description One figure of one step.
         */
        Point: {
            /** Step */
            step: number;
            /** Value */
            value: number;
            /**
             * At
             * Format: date-time
             */
            at: string;
        };
        /**
         * ProfileSettings
         * @description How a profile looks. `labels` are paths beside those found in the answers; `longest` is in characters.
         */
        ProfileSettings: {
            /**
             * Threshold
             * @default 0.8
             */
            threshold: number;
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
            /** Total */
            total?: number | null;
            /**
             * Unit
             * @default
             */
            unit: string;
            /** Rate */
            rate?: number | null;
            /** Seconds Left */
            seconds_left?: number | null;
            /**
             * Message
             * @default
             */
            message: string;
        };
        /**
         * Project
         * @description A tenant: everything but users belongs to exactly one.
         */
        Project: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
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
         * @description A configured provider. `key` shows its last four characters only; `error` says why it is not reachable.
         */
        ProviderState: {
            /** Name */
            name: string;
            /** Kind */
            kind: string;
            /** Base Url */
            base_url: string | null;
            /** Key */
            key: string | null;
            /** Timeout */
            timeout: number;
            /** Reachable */
            reachable: boolean;
            /** Error */
            error: string | null;
            /** Models */
            models: number;
        };
        /**
         * Question
         * @description A question to answer from a base, through a route or any model the gateway knows.
         */
        Question: {
            /** Question */
            question: string;
            /** Model */
            model: string;
            /**
             * Limit
             * @default 4
             */
            limit: number;
        };
        /**
         * RecipeInfo
         * @description A recipe and the JSON schema of its settings: each field with its default and, as description, the reason.
         */
        RecipeInfo: {
            /** Name */
            name: string;
            /** Description */
            description: string;
            /** Settings Schema */
            settings_schema: {
                [key: string]: unknown;
            };
        };
        /**
         * Report
         * @description The health of one version. Row numbers count from 1. `threshold` is the Jaccard similarity of five-character
         *     shingles from which inputs are near-duplicates; `unchecked` rows had too many candidates to compare with all.
         */
        Report: {
            /** Version */
            version: string | null;
            /** Rows */
            rows: number;
            /** Splits */
            splits: {
                [key: string]: number;
            };
            /** Threshold */
            threshold: number;
            exact: components["schemas"]["Duplicates"];
            near: components["schemas"]["Duplicates"];
            /** Unchecked */
            unchecked: number;
            /** Leakage */
            leakage: components["schemas"]["Leak"][];
            /** Personal */
            personal: {
                [key: string]: components["schemas"]["Personal"];
            };
            /** Characters */
            characters: {
                [key: string]: components["schemas"]["Lengths"];
            };
            /** Words */
            words: {
                [key: string]: components["schemas"]["Lengths"];
            };
            /** Languages */
            languages: {
                [key: string]: number;
            };
            /** Labels */
            labels: components["schemas"]["LabelBalance"][];
            /** Conflicts */
            conflicts: number;
            /** Conflicts Listed */
            conflicts_listed: components["schemas"]["Conflict"][];
            /** Empty */
            empty: number[];
            /** Without Answer */
            without_answer: number;
            /** Too Long */
            too_long: number[];
            /** Findings */
            findings: components["schemas"]["Finding"][];
            /** Seconds */
            seconds: number;
        };
        /**
         * Route
         * @description A route: callers name it in the request's `model` field. `version` is a hash of the targets.
         */
        Route: {
            /** Name */
            name: string;
            /** Version */
            version: string;
            /** Targets */
            targets: components["schemas"]["Target"][];
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Updated At
             * Format: date-time
             */
            updated_at: string;
        };
        /**
         * RouteVersion
         * @description How a route stood from `changed_at` on; without targets where it was deleted.
         */
        RouteVersion: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            /** Version */
            version: string;
            /** Targets */
            targets: components["schemas"]["Target"][];
            /**
             * Changed At
             * Format: date-time
             */
            changed_at: string;
        };
        /**
         * RouteWanted
         * @description The targets that a route shall have.
         */
        RouteWanted: {
            /** Targets */
            targets: components["schemas"]["Target"][];
        };
        /**
         * Row
         * @description One row of a version. `number` counts from 1; `hash` is the Example's own.
         */
        Row: {
            /** Number */
            number: number;
            /** Hash */
            hash: string;
            example: components["schemas"]["Example"];
        };
        /**
         * RowChange
         * @description One row that differs. The numbers are those in each version; `before` and `after` are the rows themselves.
         */
        RowChange: {
            /**
             * Kind
             * @enum {string}
             */
            kind: "added" | "removed" | "changed";
            /** Row A */
            row_a?: number | null;
            /** Row B */
            row_b?: number | null;
            before?: components["schemas"]["Example"] | null;
            after?: components["schemas"]["Example"] | null;
        };
        /**
         * Run
         * @description A run of a recipe. `settings` holds every hyperparameter, those defaulted too; `summary` the last and best
         *     figures; `warnings` what the trainer noticed (overfitting, truncated rows).
         */
        Run: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Name */
            name: string;
            /** Recipe */
            recipe: string;
            /**
             * Status
             * @enum {string}
             */
            status: "queued" | "running" | "finished" | "failed" | "cancelled";
            /** Base */
            base: string;
            /** Dataset */
            dataset: string;
            /** Model */
            model?: string | null;
            /** Job Id */
            job_id?: string | null;
            /**
             * Settings
             * @default {}
             */
            settings: {
                [key: string]: unknown;
            };
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
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /** Finished At */
            finished_at?: string | null;
        };
        /**
         * RunBegun
         * @description A run of a trainer that is not ours.
         */
        RunBegun: {
            /** Name */
            name: string;
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
            /**
             * Settings
             * @default {}
             */
            settings: {
                [key: string]: unknown;
            };
        };
        /**
         * RunEnded
         * @description How a run ended.
         */
        RunEnded: {
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
            /** Model */
            model?: string | null;
        };
        /**
         * RunStarted
         * @description A run and the job that does it; both have the same id.
         */
        RunStarted: {
            result: components["schemas"]["EvalResult"];
            job: components["schemas"]["Job"];
        };
        /**
         * Score
         * @description A score points at a span or at an example. `value` lies in 0..1 (1 is best); `correction` is the text that the
         *     answer should have been. `source` says who judged.
         */
        Score: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Span Id */
            span_id?: string | null;
            /** Example */
            example?: string | null;
            /**
             * Name
             * @default quality
             */
            name: string;
            /** Value */
            value?: number | null;
            /** Comment */
            comment?: string | null;
            /** Correction */
            correction?: string | null;
            /**
             * Source
             * @default human
             * @enum {string}
             */
            source: "human" | "judge" | "program" | "replay";
            /** Author */
            author?: string | null;
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * ScoredAnswer
         * @description One answer of a run. `position` is the example's place in the split, `example` its hash; `scores` holds the
         *     metrics of this answer alone, `statistics` what it adds to the totals. A request that failed counts as an empty
         *     answer and says why in `error`.
         */
        ScoredAnswer: {
            /** Position */
            position: number;
            /** Example */
            example: string;
            /** Prompt */
            prompt: string;
            /** Reference */
            reference: string;
            /** Answer */
            answer: string;
            /** Error */
            error?: string | null;
            /** Span Id */
            span_id?: string | null;
            /** Latency Ms */
            latency_ms: number;
            /** Input Tokens */
            input_tokens?: number | null;
            /** Output Tokens */
            output_tokens?: number | null;
            /** Cost */
            cost?: number | null;
            /**
             * Scores
             * @default {}
             */
            scores: {
                [key: string]: number;
            };
            /**
             * Statistics
             * @default {}
             */
            statistics: {
                [key: string]: number[];
            };
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
        };
        /**
         * ScorerInfo
         * @description A scorer that is installed: what it measures, and its options with their defaults.
         */
        ScorerInfo: {
            /** Name */
            name: string;
            /** About */
            about: string;
            /** Options */
            options: {
                [key: string]: unknown;
            };
            /** Signature */
            signature: string;
        };
        /**
         * Session
         * @description A person who is signed in, the project they look at, and those they may change to.
         */
        Session: {
            user: components["schemas"]["Account"];
            project: components["schemas"]["ProjectName"];
            /** Projects */
            projects: components["schemas"]["ProjectName"][];
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
            /** System */
            system?: string | null;
            /** Template */
            template?: string | null;
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
            /** Limit */
            limit?: number | null;
            /**
             * Seed
             * @default 0
             */
            seed: number;
            /**
             * Max Tokens
             * @default 256
             */
            max_tokens: number;
            /**
             * Temperature
             * @default 0
             */
            temperature: number;
            /**
             * Concurrency
             * @default 4
             */
            concurrency: number;
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
         * Span
         * @description A timed step. `id` is Vong's (UUIDv7 at the start time); `trace_id` (32 hex digits), `span_id` and
         *     `parent_span_id` (16) are OpenTelemetry's. `attributes` follow OpenTelemetry's GenAI conventions.
         *     `input` and `output` are the bodies, stored compressed; null where they were not captured.
         */
        Span: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Trace Id */
            trace_id: string;
            /** Span Id */
            span_id: string;
            /** Parent Span Id */
            parent_span_id?: string | null;
            /** Name */
            name: string;
            /**
             * Kind
             * @default other
             * @enum {string}
             */
            kind: "chat" | "embeddings" | "retrieval" | "tool" | "pipeline" | "job" | "other";
            /**
             * Status
             * @default ok
             * @enum {string}
             */
            status: "ok" | "error";
            /** Error */
            error?: string | null;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /** Duration Ms */
            duration_ms: number;
            /** First Token Ms */
            first_token_ms?: number | null;
            /** Model */
            model?: string | null;
            /** User */
            user?: string | null;
            /** Session */
            session?: string | null;
            /** Key */
            key?: string | null;
            /** @default {} */
            usage: components["schemas"]["Usage"];
            /** @default {} */
            versions: components["schemas"]["Versions"];
            /**
             * Attributes
             * @default {}
             */
            attributes: {
                [key: string]: unknown;
            };
            /** Input */
            input?: unknown;
            /** Output */
            output?: unknown;
        };
        /**
         * SpanNode
         * @description A span in its trace. `offset_ms` counts from the start of the trace; children are ordered by their start.
         */
        SpanNode: {
            span: components["schemas"]["SpanSummary"];
            /** Offset Ms */
            offset_ms: number;
            /**
             * Children
             * @default []
             */
            children: components["schemas"]["SpanNode"][];
        };
        /**
         * SpanSummary
         * @description A span without its bodies and attributes. The previews are the beginnings of the text that a person would read in
         *     its input (newest message first) and output.
         */
        SpanSummary: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Trace Id */
            trace_id: string;
            /** Span Id */
            span_id: string;
            /** Parent Span Id */
            parent_span_id?: string | null;
            /** Name */
            name: string;
            /** Kind */
            kind: string;
            /**
             * Status
             * @enum {string}
             */
            status: "ok" | "error";
            /** Error */
            error?: string | null;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /** Duration Ms */
            duration_ms: number;
            /** First Token Ms */
            first_token_ms?: number | null;
            /** Model */
            model?: string | null;
            /** User */
            user?: string | null;
            /** Session */
            session?: string | null;
            /** Key */
            key?: string | null;
            /** @default {} */
            usage: components["schemas"]["Usage"];
            /** @default {} */
            versions: components["schemas"]["Versions"];
            /**
             * Input Preview
             * @default
             */
            input_preview: string;
            /**
             * Output Preview
             * @default
             */
            output_preview: string;
        };
        /**
         * SplitSettings
         * @description `splits` maps names to shares (together at most 1) or to numbers of rows; what they do not take is left out.
         *
         *     `stratify` are label paths (`completion.intent`, `metadata.channel`) whose values every split gets its share of.
         *     `group` is a label path whose rows stay together beside the near-duplicates (a customer, a thread).
         */
        SplitSettings: {
            /**
             * Splits
             * @default {
             *       "train": 0.8,
             *       "validation": 0.1,
             *       "test": 0.1
             *     }
             */
            splits: {
                [key: string]: number;
            };
            /**
             * Seed
             * @default 0
             */
            seed: number;
            /**
             * Stratify
             * @default []
             */
            stratify: string[];
            /** Group */
            group?: string | null;
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
             *       "splits": {
             *         "test": 0.1,
             *         "train": 0.8,
             *         "validation": 0.1
             *       },
             *       "seed": 0,
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
            run: components["schemas"]["Run"];
            job: components["schemas"]["Job"];
        };
        /**
         * StepFigures
         * @description The figures of one step.
         */
        StepFigures: {
            /** Step */
            step: number;
            /** Values */
            values: {
                [key: string]: number;
            };
            /** At */
            at?: string | null;
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
            /** Name */
            name?: string | null;
            /** Route */
            route?: string | null;
            /** Model */
            model?: string | null;
            /** Model Version */
            model_version?: string | null;
            /** Source */
            source?: string | null;
            /** Scores */
            scores: number;
            /** N */
            n: number;
            /** Mean */
            mean?: number | null;
            /** Low */
            low?: number | null;
            /** High */
            high?: number | null;
            /** Method */
            method?: ("wilson" | "normal") | null;
            /** Corrections */
            corrections: number;
            /** Comments */
            comments: number;
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
         * Trace
         * @description All spans of one trace as trees. A span whose parent is not recorded here (a caller's own span, or one still
         *     running) is a root. `usage` sums the spans that have no measured child, so that nothing counts twice; its cost is
         *     null where any of them has no known price.
         */
        Trace: {
            /** Trace Id */
            trace_id: string;
            /**
             * Started At
             * Format: date-time
             */
            started_at: string;
            /** Duration Ms */
            duration_ms: number;
            /** Spans */
            spans: number;
            /** Errors */
            errors: number;
            /** @default {} */
            usage: components["schemas"]["Usage"];
            /** Roots */
            roots: components["schemas"]["SpanNode"][];
        };
        /**
         * TrailPoint
         * @description What was known after `n` pairs: see `vong.loop.sequential.Point`.
         */
        TrailPoint: {
            /** N */
            n: number;
            /** Candidate */
            candidate: number;
            /** Incumbent */
            incumbent: number;
            /** E Better */
            e_better: number;
            /** E Worse */
            e_worse: number;
            /** Low */
            low: number;
            /** High */
            high: number;
        };
        /**
         * TurnWanted
         * @description The turn to run; without a plan it is the quickstart's, on the shipped samples.
         */
        TurnWanted: {
            plan?: components["schemas"]["Plan-Input"] | null;
        };
        /**
         * Usage
         * @description Tokens as the model that bills them counts them; `cost` in millionths of a US dollar, null where the price
         *     is unknown (never 0 for unknown).
         */
        Usage: {
            /** Input Tokens */
            input_tokens?: number | null;
            /** Output Tokens */
            output_tokens?: number | null;
            /** Cached Tokens */
            cached_tokens?: number | null;
            /** Cost */
            cost?: number | null;
        };
        /**
         * UsagePoint
         * @description The calls of one group that began in the bucket which starts `at` that moment.
         */
        UsagePoint: {
            /** Group */
            group?: string | null;
            /**
             * Calls
             * @default 0
             */
            calls: number;
            /**
             * Errors
             * @default 0
             */
            errors: number;
            /** Input Tokens */
            input_tokens?: number | null;
            /** Output Tokens */
            output_tokens?: number | null;
            /** Cost */
            cost?: number | null;
            /**
             * Priced
             * @default 0
             */
            priced: number;
            /** Latency P50 */
            latency_p50?: number | null;
            /** Latency P95 */
            latency_p95?: number | null;
            /** First Token P50 */
            first_token_p50?: number | null;
            /**
             * At
             * Format: date-time
             */
            at: string;
        };
        /**
         * UsageReport
         * @description Points in the order of time (buckets without calls have none), and totals by group, most calls first. Points of
         *     all but the largest groups are together in the group `…`.
         */
        UsageReport: {
            /**
             * Since
             * Format: date-time
             */
            since: string;
            /**
             * Until
             * Format: date-time
             */
            until: string;
            /**
             * Bucket
             * @enum {string}
             */
            bucket: "minute" | "hour" | "day";
            /**
             * By
             * @enum {string}
             */
            by: "model" | "route" | "key" | "none";
            /**
             * Points
             * @default []
             */
            points: components["schemas"]["UsagePoint"][];
            /**
             * Totals
             * @default []
             */
            totals: components["schemas"]["Consumed"][];
        };
        /**
         * User
         * @description A person who can sign in, and the names of the projects they may work in (an owner: all).
         */
        User: {
            /**
             * Id
             * Format: uuid
             */
            id: string;
            /** Email */
            email: string;
            /**
             * Role
             * @enum {string}
             */
            role: "owner" | "member" | "viewer";
            /**
             * Created At
             * Format: date-time
             */
            created_at: string;
            /**
             * Projects
             * @default []
             */
            projects: string[];
        };
        /**
         * UserWanted
         * @description The account to make. Without a `password` Vong chooses one and shows it once. `projects` (by name) are those that
         *     the person may work in: the caller's own where none is named; an owner may work in all.
         */
        UserWanted: {
            /** Email */
            email: string;
            /**
             * Role
             * @default member
             * @enum {string}
             */
            role: "owner" | "member" | "viewer";
            /** Password */
            password?: string | null;
            /**
             * Projects
             * @default []
             */
            projects: string[];
        };
        /** ValidationError */
        ValidationError: {
            /** Location */
            loc: (string | number)[];
            /** Message */
            msg: string;
            /** Error Type */
            type: string;
            /** Input */
            input?: unknown;
            /** Context */
            ctx?: Record<string, never>;
        };
        /**
         * Versions
         * @description The exact configuration behind an answer. Each field is a ref or a hash; null where it played no part.
         */
        Versions: {
            /** Route */
            route?: string | null;
            /** Route Version */
            route_version?: string | null;
            /** Deployment */
            deployment?: string | null;
            /** Model Version */
            model_version?: string | null;
            /** Dataset Version */
            dataset_version?: string | null;
            /** Prompt Version */
            prompt_version?: string | null;
            /** Index Version */
            index_version?: string | null;
            /** Config Hash */
            config_hash?: string | null;
        };
        /**
         * RunWanted
         * @description The evaluation to run. `model` is written as in a request to `/v1`; `scorers` as `NAME` or
         *     `NAME:option=value;option=value`.
         */
        vong__api__evals__RunWanted: {
            /** Model */
            model: string;
            /** Dataset */
            dataset: string;
            /**
             * Split
             * @default test
             */
            split: string;
            /**
             * Scorers
             * @default [
             *       "exact_match"
             *     ]
             */
            scorers: string[];
            /**
             * Name
             * @default
             */
            name: string;
            /**
             * @default {
             *       "shots": 0,
             *       "shots_split": "train",
             *       "seed": 0,
             *       "max_tokens": 256,
             *       "temperature": 0,
             *       "concurrency": 4
             *     }
             */
            settings: components["schemas"]["Settings"];
        };
        /**
         * RunWanted
         * @description A training run: what to teach (`base`, a model ref), from what (`dataset`, its splits), and how.
         */
        vong__app__training__RunWanted: {
            /** Name */
            name: string;
            /** Base */
            base: string;
            /** Dataset */
            dataset: string;
            /**
             * Recipe
             * @default sft
             */
            recipe: string;
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
            /**
             * Settings
             * @default {}
             */
            settings: {
                [key: string]: unknown;
            };
        };
        /**
         * Change
         * @description One change to one row. `row` is its number (from 1) in the version that was cleaned, `id` its metadata id,
         *     `origin` where it came from, `before` and `after` its hashes (`after` null: the row was dropped).
         */
        vong__data__clean__Change: {
            /** Row */
            row: number;
            /** Id */
            id: string | null;
            /** Origin */
            origin: string | null;
            /**
             * What
             * @enum {string}
             */
            what: "tidied" | "masked" | "dropped_personal" | "dropped_empty" | "relabelled" | "dropped_conflict" | "dropped_exact_duplicate" | "dropped_near_duplicate";
            /** Before */
            before: string;
            /** After */
            after: string | null;
            /** Reason */
            reason: string;
        };
        /**
         * Change
         * @description An example that the two runs answered differently, with both texts and their scores.
         */
        vong__evals__comparison__Change: {
            /** Position */
            position: number;
            /** Example */
            example: string;
            /** Prompt */
            prompt: string;
            /** Reference */
            reference: string;
            /** A */
            a: string;
            /** B */
            b: string;
            /** A Scores */
            a_scores: {
                [key: string]: number;
            };
            /** B Scores */
            b_scores: {
                [key: string]: number;
            };
        };
        /**
         * Comparison
         * @description Run b against run a. `n` examples are in both; `left_out` are in one only (other limits).
         *
         *     `changed` counts the answers whose text differs; `changes` are those that moved the first metric most.
         */
        vong__evals__comparison__Comparison: {
            a: components["schemas"]["EvalResult"];
            b: components["schemas"]["EvalResult"];
            /** N */
            n: number;
            /** Left Out */
            left_out: number;
            /**
             * Confidence
             * @default 0.95
             */
            confidence: number;
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
            /** Metrics */
            metrics: {
                [key: string]: components["schemas"]["MetricComparison"];
            };
            /** Changed */
            changed: number;
            /** Changes */
            changes: components["schemas"]["vong__evals__comparison__Change"][];
        };
        /**
         * Comparison
         * @description Runs side by side. Lists are in the order of `runs`; a setting is here only where it differs. `best` holds the
         *     best value of each figure, `last` its last one (null where a run has none), `winner` the index of the best run.
         */
        vong__experiments__compare__Comparison: {
            /** Runs */
            runs: components["schemas"]["Run"][];
            /** Settings */
            settings: {
                [key: string]: unknown[];
            };
            /** Best */
            best: {
                [key: string]: (number | null)[];
            };
            /** Last */
            last: {
                [key: string]: (number | null)[];
            };
            /** Winner */
            winner: {
                [key: string]: number;
            };
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
    datasets_api_v1_data_datasets_get: {
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
    versions_api_v1_data_datasets__name__versions_get: {
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
    import_files_api_v1_data_datasets__name__versions_post: {
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
                "multipart/form-data": components["schemas"]["Body_import_files_api_v1_data_datasets__name__versions_post"];
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
    append_rows_api_v1_data_datasets__name__rows_post: {
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
    version_api_v1_data_versions__ref__get: {
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
    rows_api_v1_data_versions__ref__rows_get: {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
                split?: string | null;
                text?: string | null;
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
    changes_api_v1_data_versions__ref__changes_get: {
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
                    "application/json": components["schemas"]["vong__data__clean__Change"][];
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
    report_api_v1_data_versions__ref__report_get: {
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
    profile_api_v1_data_versions__ref__profile_post: {
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
    clean_api_v1_data_versions__ref__clean_post: {
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
    split_api_v1_data_versions__ref__split_post: {
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
    diff_api_v1_data_diff_get: {
        parameters: {
            query: {
                a: string;
                b: string;
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
    recipes_api_v1_training_recipes_get: {
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
    plan_api_v1_training_plan_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["vong__app__training__RunWanted"];
            };
        };
        responses: {
            /** @description Successful Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan-Output"];
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
    start_api_v1_training_runs_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["vong__app__training__RunWanted"];
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
    runs_api_v1_experiments_runs_get: {
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
    start_api_v1_experiments_runs_post: {
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
    run_api_v1_experiments_runs__id__get: {
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
    metrics_api_v1_experiments_runs__id__metrics_get: {
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
    log_api_v1_experiments_runs__id__metrics_post: {
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
    finish_api_v1_experiments_runs__id__finish_post: {
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
    events_api_v1_experiments_runs__id__events_get: {
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
    compare_api_v1_experiments_compare_get: {
        parameters: {
            query: {
                run: string[];
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
                    "application/json": components["schemas"]["vong__experiments__compare__Comparison"];
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
    scorers_api_v1_evals_scorers_get: {
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
    runs_api_v1_evals_runs_get: {
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
    run_api_v1_evals_runs_post: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["vong__api__evals__RunWanted"];
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
    show_api_v1_evals_runs__id__get: {
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
    examples_api_v1_evals_runs__id__examples_get: {
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
    compare_api_v1_evals_compare_get: {
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
                    "application/json": components["schemas"]["vong__evals__comparison__Comparison"];
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
    models_api_v1_registry_models_get: {
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
    import_model_api_v1_registry_models_post: {
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
    versions_api_v1_registry_models__name__versions_get: {
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
    version_api_v1_registry_versions__ref__get: {
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
    aliases_api_v1_registry_models__name__aliases_get: {
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
    set_alias_api_v1_registry_models__name__aliases__alias__put: {
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
    lineage_api_v1_registry_lineage_get: {
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
    deployment_api_v1_serving_deployments__name__get: {
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
    deploy_api_v1_serving_deployments__name__put: {
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
    stop_api_v1_serving_deployments__name__delete: {
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
    deployments_api_v1_serving_deployments_get: {
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
    restart_api_v1_serving_deployments__name__restart_post: {
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
    log_api_v1_serving_deployments__name__log_get: {
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
    list_routes_api_v1_gateway_routes_get: {
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
    get_route_api_v1_gateway_routes__name__get: {
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
    put_route_api_v1_gateway_routes__name__put: {
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
    delete_route_api_v1_gateway_routes__name__delete: {
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
    history_api_v1_gateway_routes__name__history_get: {
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
    providers_api_v1_gateway_providers_get: {
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
                    "application/json": components["schemas"]["ProviderState"][];
                };
            };
        };
    };
    models_api_v1_gateway_models_get: {
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
    usage_api_v1_gateway_usage_get: {
        parameters: {
            query?: {
                since?: string | null;
                until?: string | null;
                bucket?: "minute" | "hour" | "day";
                by?: "model" | "route" | "key" | "none";
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
    bases_api_v1_knowledge_bases_get: {
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
    documents_api_v1_knowledge_bases__base__documents_get: {
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
    add_documents_api_v1_knowledge_bases__base__documents_post: {
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
                "multipart/form-data": components["schemas"]["Body_add_documents_api_v1_knowledge_bases__base__documents_post"];
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
    remove_document_api_v1_knowledge_bases__base__documents__path__delete: {
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
    chunks_api_v1_knowledge_documents__document_id__chunks_get: {
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
    search_api_v1_knowledge_bases__base__search_get: {
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
    ask_api_v1_knowledge_bases__base__ask_post: {
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
    spans_api_v1_traces_spans_get: {
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
    ingest_api_v1_traces_spans_post: {
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
    count_api_v1_traces_spans_count_get: {
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
    facets_api_v1_traces_facets_get: {
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
    span_api_v1_traces_spans__id__get: {
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
    trace_api_v1_traces_traces__trace_id__get: {
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
    scores_api_v1_feedback_get: {
        parameters: {
            query?: {
                spans?: string[];
                name?: string | null;
                route?: string | null;
                model_version?: string | null;
                source?: ("human" | "judge" | "program" | "replay") | null;
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
    add_api_v1_feedback_post: {
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
    summary_api_v1_feedback_summary_get: {
        parameters: {
            query?: {
                spans?: string[];
                name?: string | null;
                route?: string | null;
                model_version?: string | null;
                source?: ("human" | "judge" | "program" | "replay") | null;
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
    preview_api_v1_feedback_harvest_get: {
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
    harvest_api_v1_feedback_harvest_post: {
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
    projects_api_v1_access_projects_get: {
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
    create_project_api_v1_access_projects_post: {
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
    users_api_v1_access_users_get: {
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
    create_user_api_v1_access_users_post: {
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
    remove_user_api_v1_access_users__email__delete: {
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
    reset_password_api_v1_access_users__email__password_put: {
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
    keys_api_v1_access_keys_get: {
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
    create_key_api_v1_access_keys_post: {
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
    revoke_key_api_v1_access_keys__name__delete: {
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
    session_api_v1_access_session_get: {
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
    switch_project_api_v1_access_session_put: {
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
    sign_in_api_v1_access_session_post: {
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
    sign_out_api_v1_access_session_delete: {
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
    change_password_api_v1_access_password_put: {
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
    canaries_api_v1_loop_canaries_get: {
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
    start_canary_api_v1_loop_canaries_post: {
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
    canary_api_v1_loop_canaries__id__get: {
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
    evaluate_api_v1_loop_canaries__id__evaluate_post: {
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
    decide_api_v1_loop_canaries__id__decide_post: {
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
    list_turns_api_v1_loop_turns_get: {
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
    start_turn_api_v1_loop_turns_post: {
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
    show_turn_api_v1_loop_turns__id__get: {
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
    list_jobs_api_v1_jobs_get: {
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
    show_api_v1_jobs__id__get: {
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
    log_api_v1_jobs__id__log_get: {
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
    events_api_v1_jobs__id__events_get: {
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
    cancel_api_v1_jobs__id__cancel_post: {
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
    retry_api_v1_jobs__id__retry_post: {
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
    health_health_get: {
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
    prometheus_metrics_get: {
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
