from unet_studio.core.classes import FIRST_CLASS, ClassTable


def test_there_is_always_a_class() -> None:
    table = ClassTable()
    assert len(table) == 1
    assert table.without(FIRST_CLASS) == table


def test_an_index_is_never_used_again() -> None:
    table = ClassTable().added("Membrane").added("Vessel").without(2).added("Nucleus")
    assert [row.index for row in table] == [1, 3, 4]
    assert len({row.colour for row in table}) == 3
    assert [row.index for row in table.without(4).added("Debris")] == [1, 3, 5]


def test_a_class_can_be_renamed_recoloured_and_made_stuff_by_itself() -> None:
    table = ClassTable().added("Vessel")
    altered = table.altered(2, name="Vessels", colour=(1, 2, 3), is_stuff=True)
    assert altered.get(1) == table.get(1)
    assert (altered.get(2).name, altered.get(2).colour, altered.get(2).is_stuff) == (
        "Vessels",
        (1, 2, 3),
        True,
    )


def test_a_class_that_nobody_named_is_called_by_its_number() -> None:
    assert ClassTable().get(12).name == "#12"
