import json

from greenlight.cli import main
from greenlight.config import Config


def test_show_names_each_value_and_its_origin(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GREENLIGHT__LIMITS__STOP", "0.04")
    (tmp_path / "greenlight.toml").write_text("[account]\ncash = 5000\n")
    assert main(["config", "show", "--json", "--set", "limits.watch=0.01"]) == 0
    rows = {row.pop("key"): row for row in json.loads(capsys.readouterr().out)}
    assert rows["account.cash"] == {"value": 5000.0, "origin": "greenlight.toml line 2"}
    assert rows["limits.stop"] == {"value": 0.04, "origin": "environment GREENLIGHT__LIMITS__STOP"}
    assert rows["limits.watch"] == {"value": 0.01, "origin": "command line"}
    assert rows["data.source"] == {"value": "sample", "origin": "default"}


def test_show_can_be_narrowed_to_a_section(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["config", "show", "account"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["key", "account.cash", "account.currency"]


def test_a_section_that_is_not_there_is_refused_with_the_nearest(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert main(["config", "show", "acount"]) == 2
    assert "no section acount; did you mean account?" in capsys.readouterr().err


def test_schema_is_json_schema_of_the_whole(capsys):
    assert main(["config", "schema"]) == 0
    assert set(json.loads(capsys.readouterr().out)["properties"]) == set(Config.model_fields)
