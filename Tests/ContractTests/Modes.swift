import TestSupport
import Testing

extension Trait where Self == ConditionTrait {
    /// Only in runs of these modes, with the reason.
    static func modes(_ modes: ContractMode..., because reason: Comment) -> Self {
        .enabled(if: modes.contains(ContractMode.current), reason)
    }
}
