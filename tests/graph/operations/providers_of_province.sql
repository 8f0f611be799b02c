SELECT providers_1.code, providers_1.type, regions_1.code AS code_1 
FROM providers AS providers_1
JOIN regions AS regions_1 ON regions_1.id = providers_1.region_id 
WHERE providers_1.state IN ('PUBLISHED', 'SUSPENDED', 'RETIRED') AND providers_1.state = 'PUBLISHED' AND providers_1.type = ANY ($1::TEXT[]) AND (EXISTS (SELECT regions.id 
FROM regions 
WHERE regions.id = providers_1.region_id AND (regions.code = $2::VARCHAR OR starts_with(regions.code, concat(CAST($2::VARCHAR AS TEXT), '.')))))
ORDER BY providers_1.id DESC 

LIMIT $3::INTEGER;
