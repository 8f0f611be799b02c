SELECT organisations_1.legal_name, providers_1.id, providers_1.name, marketplaces_1.id AS id_1, marketplaces_1.name AS name_1, payers_1.id AS id_2, payers_1.name AS name_2,
array((SELECT row(shareholdings_1.share_bp) AS row_1 
FROM shareholdings AS shareholdings_1 
WHERE shareholdings_1.owned_id = organisations_1.id
ORDER BY shareholdings_1.share_bp DESC, shareholdings_1.owner_id, shareholdings_1.owned_id 

LIMIT 50)) AS array_1 
FROM providers AS providers_2
JOIN organisations AS organisations_1 ON organisations_1.id = providers_2.organisation_id
LEFT OUTER
JOIN providers AS providers_1 ON providers_1.organisation_id = organisations_1.id AND providers_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED')
LEFT OUTER
JOIN marketplaces AS marketplaces_1 ON marketplaces_1.organisation_id = organisations_1.id AND marketplaces_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED')
LEFT OUTER
JOIN payers AS payers_1 ON payers_1.organisation_id = organisations_1.id AND payers_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') 
WHERE providers_2.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND providers_2.state = 'PUBLISHED'
ORDER BY providers_2.name ASC, providers_2.id ASC 

LIMIT $1::INTEGER;
