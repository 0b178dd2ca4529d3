import type { Messages } from "../en";
import { app } from "./app";
import { batches } from "./batches";
import { data } from "./data";
import { evals } from "./evals";
import { feedback } from "./feedback";
import { fineTuning } from "./fineTuning";
import { gateForm } from "./gateForm";
import { gateway } from "./gateway";
import { guards } from "./guards";
import { home } from "./home";
import { judges } from "./judges";
import { knowledge } from "./knowledge";
import { knowledgeIndexes } from "./knowledgeIndexes";
import { knowledgeQuestions } from "./knowledgeQuestions";
import { knowledgeSources } from "./knowledgeSources";
import { loop } from "./loop";
import { monitors } from "./monitors";
import { pipelineAutomation } from "./pipelineAutomation";
import { pipelineRuns } from "./pipelineRuns";
import { pipelines } from "./pipelines";
import { playground } from "./playground";
import { policies } from "./policies";
import { policyForm } from "./policyForm";
import { prices } from "./prices";
import { promptOptimiser } from "./promptOptimiser";
import { prompts } from "./prompts";
import { registry } from "./registry";
import { releases } from "./releases";
import { scopes } from "./scopes";
import { serving } from "./serving";
import { settings } from "./settings";
import { suites } from "./suites";
import { targetHealth } from "./targetHealth";
import { traces } from "./traces";
import { training } from "./training";

/** All Vietnamese texts. */
export const vi: Messages = {
  app,
  home,
  data,
  training,
  fineTuning,
  evals,
  judges,
  suites,
  monitors,
  registry,
  serving,
  gateway,
  batches,
  scopes,
  targetHealth,
  prices,
  guards,
  prompts,
  promptOptimiser,
  knowledge,
  knowledgeSources,
  knowledgeQuestions,
  knowledgeIndexes,
  pipelines,
  pipelineRuns,
  pipelineAutomation,
  playground,
  traces,
  feedback,
  loop,
  releases,
  policies,
  gateForm,
  policyForm,
  settings,
};
