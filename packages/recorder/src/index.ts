export { type ShelflifeRecorder, shelflifeRecorder } from "./ai-sdk.ts";
export { type ChatContext, chatUuid, inChat } from "./chat-context.ts";
export type { Clock } from "./clock.ts";
export { type Mask, type MaskedField, maskTexts } from "./mask.ts";
export type { FlushOptions } from "./recorder.ts";
export type { RecordingControls } from "./recording-controls.ts";
export { DEFAULT_LIMITS, type RecorderLimits, type RecorderOptions } from "./recorder-options.ts";
export type { RecorderStats } from "./sender.ts";
export type { OnWarning, WarningCode } from "./warnings.ts";
