//! The table of providers.

use super::{ModelName, Placement, ProviderSpec, Wire};

const BASE: ProviderSpec = ProviderSpec {
    name: "",
    label: "",
    keywords: &[],
    base: None,
    base_hint: None,
    placement: Placement::Cloud,
    wire: Wire::OpenAi,
    model_name: ModelName::WithoutOwnPrefix,
    limit_field: "max_tokens",
    usual_path: None,
};
const GATEWAY: ProviderSpec =
    ProviderSpec { placement: Placement::Gateway, model_name: ModelName::Whole, ..BASE };
const LOCAL: ProviderSpec =
    ProviderSpec { placement: Placement::Local, usual_path: Some("/v1"), ..BASE };

/// All of them. Their order is the order of choice: gateways that offer any model stand first.
pub static PROVIDERS: &[ProviderSpec] = &[
    ProviderSpec {
        name: "custom",
        label: "the custom provider",
        placement: Placement::Custom,
        ..BASE
    },
    ProviderSpec { name: "azureOpenai", label: "Azure OpenAI", wire: Wire::Unsupported, ..BASE },
    ProviderSpec {
        name: "openrouter",
        label: "OpenRouter",
        keywords: &["openrouter"],
        base: Some("https://openrouter.ai/api/v1"),
        ..GATEWAY
    },
    ProviderSpec {
        name: "aihubmix",
        label: "AiHubMix",
        keywords: &["aihubmix"],
        base: Some("https://aihubmix.com/v1"),
        model_name: ModelName::LastPart,
        ..GATEWAY
    },
    ProviderSpec {
        name: "siliconflow",
        label: "SiliconFlow",
        keywords: &["siliconflow"],
        base: Some("https://api.siliconflow.cn/v1"),
        ..GATEWAY
    },
    ProviderSpec {
        name: "volcengine",
        label: "VolcEngine",
        keywords: &["volcengine", "volces", "ark"],
        base: Some("https://ark.cn-beijing.volces.com/api/v3"),
        model_name: ModelName::WithoutOwnPrefix,
        ..GATEWAY
    },
    ProviderSpec {
        name: "volcengineCodingPlan",
        label: "VolcEngine Coding Plan",
        keywords: &["volcengine-plan"],
        base: Some("https://ark.cn-beijing.volces.com/api/coding/v3"),
        model_name: ModelName::LastPart,
        ..GATEWAY
    },
    ProviderSpec {
        name: "byteplus",
        label: "BytePlus",
        keywords: &["byteplus"],
        base: Some("https://ark.ap-southeast.bytepluses.com/api/v3"),
        model_name: ModelName::LastPart,
        ..GATEWAY
    },
    ProviderSpec {
        name: "byteplusCodingPlan",
        label: "BytePlus Coding Plan",
        keywords: &["byteplus-plan"],
        base: Some("https://ark.ap-southeast.bytepluses.com/api/coding/v3"),
        model_name: ModelName::LastPart,
        ..GATEWAY
    },
    ProviderSpec {
        name: "anthropic",
        label: "Anthropic",
        keywords: &["anthropic", "claude"],
        base: Some("https://api.anthropic.com/v1"),
        wire: Wire::Anthropic,
        usual_path: Some("/v1"),
        ..BASE
    },
    ProviderSpec {
        name: "openai",
        label: "OpenAI",
        keywords: &["openai", "gpt"],
        base: Some("https://api.openai.com/v1"),
        limit_field: "max_completion_tokens",
        ..BASE
    },
    ProviderSpec {
        name: "openaiCodex",
        label: "OpenAI Codex",
        keywords: &["openai-codex"],
        wire: Wire::Unsupported,
        ..BASE
    },
    ProviderSpec {
        name: "githubCopilot",
        label: "GitHub Copilot",
        keywords: &["github-copilot", "copilot"],
        wire: Wire::Unsupported,
        ..BASE
    },
    ProviderSpec {
        name: "deepseek",
        label: "DeepSeek",
        keywords: &["deepseek"],
        base: Some("https://api.deepseek.com"),
        ..BASE
    },
    // At a base URL that ends in `/openai` the OpenAI protocol is spoken instead. See
    // [Gemini API/OpenAI compatibility](https://ai.google.dev/gemini-api/docs/openai).
    ProviderSpec {
        name: "gemini",
        label: "Gemini",
        keywords: &["gemini", "gemma"],
        base: Some("https://generativelanguage.googleapis.com/v1beta"),
        wire: Wire::Gemini,
        usual_path: Some("/v1beta"),
        ..BASE
    },
    ProviderSpec {
        name: "zhipu",
        label: "Zhipu AI",
        keywords: &["zhipu", "glm", "zai"],
        base: Some("https://open.bigmodel.cn/api/paas/v4"),
        ..BASE
    },
    ProviderSpec {
        name: "dashscope",
        label: "DashScope",
        keywords: &["qwen", "dashscope"],
        base: Some("https://dashscope.aliyuncs.com/compatible-mode/v1"),
        ..BASE
    },
    ProviderSpec {
        name: "moonshot",
        label: "Moonshot",
        keywords: &["moonshot", "kimi"],
        base: Some("https://api.moonshot.ai/v1"),
        ..BASE
    },
    ProviderSpec {
        name: "minimax",
        label: "MiniMax",
        keywords: &["minimax"],
        base: Some("https://api.minimax.io/v1"),
        ..BASE
    },
    ProviderSpec {
        name: "mistral",
        label: "Mistral",
        keywords: &["mistral"],
        base: Some("https://api.mistral.ai/v1"),
        ..BASE
    },
    ProviderSpec {
        name: "stepfun",
        label: "StepFun",
        keywords: &["stepfun", "step"],
        base: Some("https://api.stepfun.com/v1"),
        ..BASE
    },
    ProviderSpec {
        name: "xiaomiMimo",
        label: "Xiaomi MiMo",
        keywords: &["xiaomi-mimo", "mimo"],
        base: Some("https://api.xiaomimimo.com/v1"),
        ..BASE
    },
    ProviderSpec { name: "vllm", label: "vLLM", keywords: &["vllm"], ..LOCAL },
    ProviderSpec {
        name: "ollama",
        label: "Ollama",
        keywords: &["ollama", "nemotron"],
        base: Some("http://localhost:11434/v1"),
        base_hint: Some("11434"),
        ..LOCAL
    },
    ProviderSpec {
        name: "ovms",
        label: "OpenVINO Model Server",
        keywords: &["openvino", "ovms"],
        base: Some("http://localhost:8000/v3"),
        usual_path: None,
        ..LOCAL
    },
    // Last of those with a key of their own: often configured for speech recognition only.
    ProviderSpec {
        name: "groq",
        label: "Groq",
        keywords: &["groq"],
        base: Some("https://api.groq.com/openai/v1"),
        ..BASE
    },
    ProviderSpec {
        name: "qianfan",
        label: "Qianfan",
        keywords: &["qianfan", "ernie"],
        base: Some("https://qianfan.baidubce.com/v2"),
        ..BASE
    },
];
