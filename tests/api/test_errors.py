def test_what_is_not_there_is_said_in_json(client):
    for address in ("/api/v1/rien", "/rien.json"):
        answer = client.get(address)
        assert (answer.status_code, answer.mimetype) == (404, "application/json")
        assert answer.json["error"] == "Cette page n’existe pas"
        assert set(answer.json) == {"error", "message"}


def test_a_method_that_is_not_taken_is_said_in_json(client):
    answer = client.delete("/donnees/registre.json")
    assert (answer.status_code, answer.mimetype) == (405, "application/json")
