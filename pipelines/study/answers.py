"""Forms that were filled, and the key that says what was on which side."""
import tables

COLUMNS = ["participant", "group", "image", "target", "method_a", "method_b", "chosen", "question", "side"]


def join(key, forms):
    """One row for each participant and question: `chosen` is the method, empty where there is no answer."""
    known = {}
    for line, row in tables.rows(key, ["question", "group", "image", "target", "method_a", "method_b", "left", "right"]):
        if row["question"] in known:
            raise tables.Damaged(f"{key}, line {line}: question `{row['question']}` is there twice")
        known[row["question"]] = row
    answers = {}
    for form in forms:
        for line, row in tables.rows(form, ["participant", "question", "chosen"]):
            participant = row["participant"].strip() or form.stem
            answer = joined(row, participant, known, f"{form}, line {line}", key)
            if (participant, row["question"]) in answers:
                raise tables.Damaged(f"{form}, line {line}: {participant} answers question `{row['question']}` twice")
            answers[participant, row["question"]] = answer
    tell(answers.values())
    return [answers[at] for at in sorted(answers)]


def joined(row, participant, known, where, key):
    question = known.get(row["question"])
    if question is None:
        raise tables.Damaged(f"{where}: question `{row['question']}` is not in {key}")
    side = row["chosen"].strip().lower()
    if side not in ("left", "right", ""):
        raise tables.Damaged(f"{where}: `{row['chosen']}` is neither left nor right")
    kept = {column: question[column] for column in ("group", "image", "target", "method_a", "method_b", "question")}
    return {"participant": participant, **kept, "chosen": question[side] if side else "", "side": side}


def tell(answers):
    sides = [answer["side"] for answer in answers]
    tables.note(f"{len(sides) - sides.count('')} answers: left {sides.count('left')} times, right {sides.count('right')} times; "
                f"{sides.count('')} questions without one")
