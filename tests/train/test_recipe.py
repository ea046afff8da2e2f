"""The numbers of a training run are checked before anything heavy is loaded."""

from __future__ import annotations

import pytest

from harness.errors import SuiteError
from harness.train import Recipe
from harness.train.recipe import task_type_of


def test_every_wrong_number_is_told_at_once() -> None:
    with pytest.raises(SuiteError) as told:
        Recipe(epochs=0, learning_rate=0.0, batch_size=0, schedule="cosin", warmup=1.5, weight_decay=-1, max_length=-2)
    text = str(told.value)
    for part in ("epochs", "learning_rate", "batch_size", "warmup", "weight_decay", "max_length"):
        assert f"{part}: expected" in text
    assert "did you mean 'cosine'?" in text


@pytest.mark.parametrize(
    ("architectures", "encoder_decoder", "expected"),
    [
        (["LlamaForCausalLM"], False, "CAUSAL_LM"),
        (["GPT2LMHeadModel"], False, "CAUSAL_LM"),
        (["BertForSequenceClassification"], False, "SEQ_CLS"),
        (["BertModel"], False, "SEQ_CLS"),
        (["T5ForConditionalGeneration"], True, "SEQ_2_SEQ_LM"),
    ],
)
def test_the_base_says_what_it_is_trained_for(architectures: list[str], encoder_decoder: bool, expected: str) -> None:
    assert task_type_of("auto", architectures, encoder_decoder=encoder_decoder) == expected


def test_an_unknown_task_type_names_the_nearest() -> None:
    with pytest.raises(SuiteError, match=r"task_type: unknown name 'CAUSAL'; did you mean 'CAUSAL_LM'\?"):
        task_type_of("CAUSAL", [], encoder_decoder=False)
